"""Reads what `dfc --list-options` prints (src/app/option_list.h has the form).

The manual pages and the shells' completions are made of it, so that neither can tell of an option
that the program does not have, or leave one out.
"""

import collections
import re

Argument = collections.namedtuple("Argument", "kind names type default traits about")


class Command:
    """`path` is "capture" or "config check"; "" is dfc itself."""

    def __init__(self, path, about):
        self.path = path
        self.about = about
        self.arguments = []
        self.commands = []  # The words that may come next.

    def options(self):
        return [argument for argument in self.arguments if argument.kind != "positional"]

    def positionals(self):
        return [argument for argument in self.arguments if argument.kind == "positional"]


def read(path):
    """All commands by their path, dfc itself first, in the program's order."""
    commands = {"": Command("", "")}
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if fields[0] == "command" and len(fields) == 3:
                _, words, about = fields
                commands[words] = Command(words, about)
                outer, _, word = words.rpartition(" ")
                commands[outer].commands.append(word)
            elif fields[0] == "argument" and len(fields) == 8:
                _, words, kind, names, kind_of_value, default, traits, about = fields
                commands[words].arguments.append(Argument(
                    kind, names.split(","), kind_of_value, default, traits.split(), about))
            else:
                raise SystemExit(f"{path}: not a line of `dfc --list-options`: {line!r}")
    if len(commands) == 1:
        raise SystemExit(f"{path}: has no command")
    return commands


def value_name(argument):
    """What stands for the value: "HOW" of "HOW:{auto,verify,ignore}"."""
    return re.split(r":(?:\{|(?:U?INT|FLOAT|TEXT)\b)", argument.type)[0]


def choices(argument):
    """The values that it may have, where they are few words."""
    match = re.search(r":\{(.*)\}", argument.type)
    return match[1].split(",") if match else []


def bounds(argument):
    match = re.search(r" in \[(\S+) - (\S+)\]", argument.type)
    return match.groups() if match else None


def completes_as(argument):
    """What a shell may offer for the value: file, directory, interface, store, or nothing."""
    name = value_name(argument) if argument.kind == "option" else argument.names[0]
    if "--interface" in argument.names:
        return "interface"
    if "--store" in argument.names:
        return "store"
    return {"FILE": "file", "DIR": "directory", "FOLDER": "directory"}.get(name, "")
