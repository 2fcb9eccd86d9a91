#!/usr/bin/env python3
"""Writes the migrations in sql/ as a C++ source: embed_sql.py OUTPUT INPUT...

An input's folder is its dialect and its name begins with its number: sql/sqlite/0001_initial.sql.
"""
import pathlib
import sys


def literal(text):
    """One C++ string literal a line, so that the source can be read."""
    lines = []
    for line in text.splitlines(keepends=True):
        escaped = line.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
        lines.append(f'    "{escaped}"')
    return '\n'.join(lines)


def table(dialect, files):
    rows = []
    for number, path in enumerate(sorted(files), start=1):
        if int(path.name.split('_')[0]) != number:
            sys.exit(f'{path}: migrations are numbered 0001, 0002, ... without holes')
        text = path.read_text(encoding='ascii')
        rows.append(f'  {{{number}, "{path.name}",\n{literal(text)}}},')
    name = dialect.capitalize()
    body = '\n'.join(rows)
    return (f'constexpr Migration k{name}[] = {{\n{body}\n}};\n',
            f'std::span<const Migration> {name}Migrations() {{ return k{name}; }}\n')


def main():
    output, inputs = sys.argv[1], [pathlib.Path(name) for name in sys.argv[2:]]
    by_dialect = {'sqlite': [], 'mariadb': []}
    for path in inputs:
        by_dialect[path.parent.name].append(path)
    tables = [table(dialect, files) for dialect, files in by_dialect.items()]
    with open(output, 'w', encoding='ascii') as out:
        out.write('// Made from sql/ by embed_sql.py.\n#include "migrations.h"\n\n')
        out.write('namespace dfc {\nnamespace {\n\n')
        out.write('\n'.join(data for data, _ in tables))
        out.write('\n}  // namespace\n\n')
        out.write(''.join(function for _, function in tables))
        out.write('\n}  // namespace dfc\n')


if __name__ == '__main__':
    main()
