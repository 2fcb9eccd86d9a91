"""Writes the shells' completions: make_completions.py OPTIONS BASH-TEMPLATE OUT-BASH OUT-ZSH

OPTIONS is what `dfc --list-options` printed. For bash the tables are put into a template; for zsh
each command becomes a call of _arguments.
"""

import pathlib
import sys

import option_list


def quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"


def takes_value(argument):
    return argument.kind == "option"


def own_and_common(commands, path):
    """Options of a command, and those that go with every one."""
    own = commands[path].options()
    names = {name for argument in own for name in argument.names}
    return own + [argument for argument in commands[""].options()
                  if path and not names & set(argument.names) and takes_value(argument)]


# bash --------------------------------------------------------------------------------------------

def bash_action(argument):
    choices = option_list.choices(argument)
    if choices:
        return "words='" + " ".join(choices) + "'"
    return f"action='{option_list.completes_as(argument)}'"


def bash_tables(commands):
    """Branches of `case $command` and of `case "$command $option"`."""
    known, values = [], []
    for path, command in commands.items():
        options = own_and_common(commands, path)
        names = " ".join(name for argument in options for name in argument.names)
        positional = next(iter(command.positionals()), None)
        first = bash_action(positional) if positional else "action=''"
        known.append(f"    {quoted(path)})\n      commands={quoted(' '.join(command.commands))}\n"
                     f"      options={quoted(names)}\n      {first}\n      ;;")
        for argument in filter(takes_value, options):
            patterns = " | ".join(quoted(f"{path} {name}") for name in argument.names)
            values.append(f"    {patterns}) {bash_action(argument)} ;;")
    return "\n".join(known), "\n".join(values)


# zsh ---------------------------------------------------------------------------------------------

ZSH_ACTIONS = {"file": "_files", "directory": "_files -/", "interface": "_net_interfaces",
               "store": "_dfc_store", "": "()"}


def zsh_text(text):
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh_value(argument, name):
    choices = option_list.choices(argument)
    action = f"({' '.join(choices)})" if choices else ZSH_ACTIONS[
        option_list.completes_as(argument)]
    optional = "::" if name.startswith("[") else ":"
    return f"{optional}{zsh_text(name.strip('[]'))}:{action}"


def zsh_option(argument):
    value = ""
    if takes_value(argument):
        value = zsh_value(argument, option_list.value_name(argument))
    others = "*" if "repeatable" in argument.traits else f"({' '.join(argument.names)})"
    for name in argument.names:
        mark = ("=" if name.startswith("--") else "+") if value else ""
        yield quoted(f"{others}{name}{mark}[{zsh_text(argument.about)}]{value}")


def zsh_positional(argument, place):
    name = argument.names[0]
    repeated = "repeatable" in argument.traits
    return quoted(("*" if repeated else str(place)) + zsh_value(argument, name))


def zsh_function(commands, path):
    command = commands[path]
    name = "_".join(["_dfc", *path.split()])
    specs = [spec for argument in own_and_common(commands, path) for spec in zsh_option(argument)]
    if not command.commands:
        specs += [zsh_positional(argument, place)
                  for place, argument in enumerate(command.positionals(), 1)]
        return f"{name}() {{\n  _arguments -S \\\n    " + " \\\n    ".join(specs) + "\n}\n"
    described = [quoted(f"{word}:{commands[f'{path} {word}'.strip()].about}")
                 for word in command.commands]
    lines = [
        f"{name}() {{", "  local context state state_descr line curcontext=$curcontext",
        "  local -A opt_args", "  local -a commands=(",
        *("    " + each for each in described), "  )",
        "  _arguments -C -S \\", *(f"    {spec} \\" for spec in specs),
        "    '1: :->command' '*:: :->rest' && return", "  case $state in",
        "    command) _describe -t commands command commands ;;",
        f"    rest) (( $+functions[{name}_$words[1]] )) && {name}_$words[1] ;;", "  esac", "}", ""]
    return "\n".join(lines)


ZSH_HEAD = """#compdef dfc

_dfc_store() {
  local -a kinds=('sqlite\\:' 'mysql\\://' 'null\\:')
  if compset -P 'sqlite:'; then _files; else _describe -t kinds 'kind of store' kinds -S ''; fi
}
"""


def main():
    options, template, bash, zsh = sys.argv[1:]
    commands = option_list.read(options)
    known, values = bash_tables(commands)
    text = pathlib.Path(template).read_text(encoding="utf-8")
    text = text.replace("    @COMMANDS@", known).replace("    @VALUES@", values)
    pathlib.Path(bash).write_text(text, encoding="utf-8")
    functions = [zsh_function(commands, path) for path in commands]
    pathlib.Path(zsh).write_text("\n".join([ZSH_HEAD, *functions, '_dfc "$@"\n']),
                                 encoding="utf-8")


if __name__ == "__main__":
    main()
