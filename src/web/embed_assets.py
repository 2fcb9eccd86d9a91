#!/usr/bin/env python3
"""Writes the page's files as a C++ source: embed_assets.py OUTPUT DEPFILE OPENAPI DIST

Where the folder DIST is not there, a page takes its place that says so.
"""
import gzip
import hashlib
import pathlib
import sys

TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
    '.ico': 'image/x-icon',
    '.json': 'application/json',
    '.txt': 'text/plain; charset=utf-8',
    '.webmanifest': 'application/manifest+json',
    '.woff2': 'font/woff2',
}

PLACEHOLDER = b'''<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>dfc</title></head>
<body><h1>dfc</h1><p>This program was built without its page (web/dist).
The <a href="/api/v1/openapi.json">API</a> is there.</p></body></html>
'''


def literal(data):
    """A C++ expression for bytes: plain characters as they are, all others in octal."""
    lines = []
    for at in range(0, len(data), 64):
        text = ''
        for byte in data[at:at + 64]:
            plain = 32 <= byte < 127 and byte not in b'"\\?'
            text += chr(byte) if plain else f'\\{byte:03o}'
        lines.append(f'    "{text}"')
    return '\n'.join(lines) or '    ""'


def main():
    output, depfile, openapi, dist = map(pathlib.Path, sys.argv[1:])
    files = sorted(path for path in dist.rglob('*') if path.is_file()) if dist.is_dir() else []
    pages = {'/' + path.relative_to(dist).as_posix(): path.read_bytes() for path in files}
    pages = pages or {'/index.html': PLACEHOLDER}
    rows, data = [], []
    for number, (path, content) in enumerate(pages.items()):
        kind = TYPES.get(pathlib.PurePosixPath(path).suffix)
        if kind is None:
            sys.exit(f'{path}: no type is known for files of this name')
        packed = gzip.compress(content, 9, mtime=0)
        tag = hashlib.sha256(content).hexdigest()[:16]
        data.append(f'constexpr char kPlain{number}[] =\n{literal(content)};\n'
                    f'constexpr char kPacked{number}[] =\n{literal(packed)};\n')
        rows.append(f'    {{"{path}", "{kind}", "\\"{tag}\\"",\n'
                    f'     {{kPlain{number}, {len(content)}}}, {{kPacked{number}, {len(packed)}}}}},\n')
    api = openapi.read_bytes()
    output.write_text(
        '// Made from web/dist by embed_assets.py.\n#include "assets.h"\n\n'
        '// Compilers need not take literals of more than 64 KiB; g++ and clang do.\n'
        '#pragma GCC diagnostic ignored "-Woverlength-strings"\n\n'
        'namespace dfc {\nnamespace {\n\n' + '\n'.join(data) +
        f'\nconstexpr char kOpenApi[] =\n{literal(api)};\n'
        '\nconstexpr Asset kAssets[] = {\n' + ''.join(rows) + '};\n\n}  // namespace\n\n'
        'std::span<const Asset> Assets() { return kAssets; }\n'
        f'std::string_view OpenApi() {{ return {{kOpenApi, {len(api)}}}; }}\n\n'
        '}  // namespace dfc\n', encoding='ascii')
    names = ' '.join(str(path).replace(' ', '\\ ') for path in [openapi, *files])
    depfile.write_text(f'{output}: {names}\n')


if __name__ == '__main__':
    main()
