"""Writes the manual pages: make_pages.py OPTIONS VERSION TEXTS OUT-DIR

OPTIONS is what `dfc --list-options` printed. Of each command there is a page: its name, synopsis
and options are the program's own, TEXTS/dfc-COMMAND.man has what is to be said beside them. The
line @OPTIONS@ of a text (in dfc.toml.man @KEYS@, in dfc.man also @COMMANDS@) is where the lists go.
"""

import pathlib
import re
import shutil
import sys

import option_list

PROJECT = "data-flow-collect"


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return "\\&" + text if text.startswith(".") else text


def bold(text):
    return f"\\fB{escaped(text)}\\fR"


def sentence(text):
    text = text.rstrip()
    return escaped(text if text.endswith(".") else text + ".")


def marked_value(argument):
    """SIZE in italics, with the brackets of what may be left out upright."""
    name = option_list.value_name(argument)
    return re.sub(r"[A-Z]+", lambda word: f"\\fI{word[0]}\\fR", escaped(name))


def facts(argument):
    """What the command line knows of an argument beside its description, as sentences."""
    choices, bounds = option_list.choices(argument), option_list.bounds(argument)
    if choices and not all(re.search(rf"\b{word}\b", argument.about) for word in choices):
        yield "One of " + ", ".join(choices)
    if bounds:
        yield f"{bounds[0]} to {bounds[1]}"
    if "repeatable" in argument.traits and argument.kind == "option":
        if "epeatable" not in argument.about:
            yield "May be repeated"
    if argument.default and argument.kind != "flag" and "default" not in argument.about:
        yield f"Default: {argument.default}"
    for trait in argument.traits:
        if trait.startswith("env="):
            yield "Environment: " + trait.removeprefix("env=")


def described(argument):
    return "\n".join([sentence(argument.about), *map(sentence, facts(argument))])


def heading(argument):
    if argument.kind == "positional":
        return f"\\fI{escaped(argument.names[0])}\\fR"
    names = ", ".join(map(bold, argument.names))
    value = marked_value(argument) if argument.kind == "option" else ""
    return f"{names} {value}".rstrip()


def definitions(arguments):
    return "\n".join(f".TP\n{heading(argument)}\n{described(argument)}" for argument in arguments)


def of_its_own(arguments):
    return [argument for argument in arguments if argument.names != ["-h", "--help"]]


def synopsis(command):
    words = [f".B dfc {escaped(command.path)}".rstrip()]
    for argument in command.arguments:
        if argument.kind == "option" and "required" in argument.traits:
            words.append(f"{bold(argument.names[0])} {marked_value(argument)}")
    words.append("[\\fIOPTION\\fR]...")
    if command.commands:
        words.append("\\fICOMMAND\\fR")
    for argument in command.positionals():
        name = f"\\fI{escaped(argument.names[0])}\\fR"
        name = name if "required" in argument.traits else f"[{name}]"
        words.append(name + ("..." if "repeatable" in argument.traits else ""))
    return "\n".join(words)


def command_list(commands, outer=""):
    entries = []
    for word in commands[outer].commands:
        inner = commands[f"{outer} {word}".strip()]
        place = f"See \\fBdfc\\-{word}\\fR(1)." if not outer else ""
        entries.append(f".TP\n{bold(inner.path)}\n{sentence(inner.about)}\n{place}".rstrip())
    return "\n".join(entries)


def see_also(name, commands):
    pages = ["dfc (1)", *(f"dfc-{word} (1)" for word in commands[""].commands), "dfc.toml (5)"]
    pages = [escaped(each) for each in pages if each != name]
    return ".SH SEE ALSO\n" + ",\n".join(f".BR {each}" for each in pages)


def page(name, section, about, version, body):
    return (f'.TH "{name.upper()}" "{section}" "" "{PROJECT} {version}" "{PROJECT}"\n'
            f".SH NAME\n{escaped(name)} \\- {escaped(about)}\n{body.strip()}\n")


def command_page(commands, command, text, version):
    """Commands within it (`config check`) are on its page."""
    name = "dfc-" + command.path
    inner = [commands[f"{command.path} {word}"] for word in command.commands]
    lines = "\n.br\n".join(map(synopsis, inner or [command]))
    options = ".SH OPTIONS\n" + definitions(
        command.positionals() + of_its_own(command.options()))
    for each in inner:
        arguments = each.positionals() + of_its_own(each.options())
        options += f"\n.SS {bold('dfc ' + each.path)}\n{sentence(each.about)}\n"
        options += definitions(arguments)
    options += ("\n.PP\nOptions that go with every command are in\n.BR dfc (1).")
    if "@OPTIONS@" not in text:
        raise SystemExit(f"{name}.man has no line @OPTIONS@")
    about = command.about[0].lower() + command.about[1:]
    body = (f".SH SYNOPSIS\n{lines}\n" + text.replace("@OPTIONS@", options).strip() +
            "\n" + see_also(name + " (1)", commands))
    return page(name, 1, about, version, body)


def keys(commands):
    parts = []
    for path, command in commands.items():
        known = [argument for argument in command.options() if "key" in argument.traits]
        if not known:
            continue
        title = f"Of the command {path}" if path else "Of every command"
        parts.append(f".SS {title}")
        if path:
            parts.append(f".PP\nIn table\n.BR [{escaped(path.replace(' ', '.'))}] :")
        for argument in known:
            key = next(name for name in argument.names if name.startswith("--"))[2:]
            value = marked_value(argument) if argument.kind == "option" else "true | false"
            parts.append(f".TP\n{bold(key)} = {value}\n{described(argument)}")
    return "\n".join(parts)


def write_all(options, version, texts, out):
    commands = option_list.read(options)

    def text_of(name, otherwise=""):
        path = texts / f"{name}.man"
        return path.read_text(encoding="utf-8") if path.exists() else otherwise

    def write(name, section, content):
        folder = out / f"man{section}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.{section}").write_text(content, encoding="utf-8")

    for folder in ("man1", "man5"):  # No page of a command that is gone.
        shutil.rmtree(out / folder, ignore_errors=True)

    text = text_of("dfc").replace("@COMMANDS@", command_list(commands))
    text = text.replace("@OPTIONS@", definitions(commands[""].options()))
    text += see_also("dfc (1)", commands)
    write("dfc", 1, page("dfc", 1, "network sensor: flows and what they carried", version, text))

    for word in commands[""].commands:
        plain = f".SH DESCRIPTION\n{sentence(commands[word].about)}\n@OPTIONS@"
        text = text_of(f"dfc-{word}", plain)
        write(f"dfc-{word}", 1, command_page(commands, commands[word], text, version))

    text = text_of("dfc.toml").replace("@KEYS@", keys(commands)) + see_also("dfc.toml (5)", commands)
    write("dfc.toml", 5, page("dfc.toml", 5, "configuration of dfc", version, text))


if __name__ == "__main__":
    write_all(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4]))
