import { describe, expect, test } from 'vitest';
import {
  cells,
  fromBase64,
  looksLikeText,
  rowTextEnd,
  textRows,
  visible,
  visibleBytes,
} from '../src/lib/bytes';

const utf8 = (text: string) => new TextEncoder().encode(text);
const shown = (bytes: Uint8Array) =>
  cells(bytes, 0, bytes.length)
    .map((cell) => cell.text)
    .join('');
const rows = (text: string, columns: number) => {
  const bytes = utf8(text);
  const starts = textRows(bytes, columns);
  return Array.from(starts.slice(0, -1), (from, n) =>
    new TextDecoder().decode(bytes.subarray(from, rowTextEnd(bytes, from, starts[n + 1]!))),
  );
};

describe('what is shown of bytes', () => {
  test('text is itself', () => expect(shown(utf8('grüße 漢 🦊'))).toBe('grüße 漢 🦊'));
  test('controls have a caret', () => expect(shown(Uint8Array.of(0, 0x1b, 0x7f))).toBe('^@^[^?'));
  test('what turns the order of text around is seen', () =>
    expect(visible('a\u202eb\u2066c\u200f')).toBe('a‹202e›b‹2066›c‹200f›'));
  test('invisible tags are seen', () => expect(visible('a\u{e0041}\ufeff')).toBe('a‹e0041›‹feff›'));
  test('bytes that are no text are dots', () =>
    expect(shown(Uint8Array.of(0xff, 0x41, 0xc3))).toBe('·A·'));
  test('overlong forms and surrogates are no text', () =>
    expect(shown(Uint8Array.of(0xc0, 0x80, 0xed, 0xa0, 0x80))).toBe('·····'));
  test('every byte is in exactly one cell', () => {
    const all = Uint8Array.from({ length: 4096 }, (_, n) => (n * 167 + (n >> 3)) & 255);
    let at = 0;
    for (const cell of cells(all, 0, all.length)) {
      expect(cell.at).toBe(at);
      at += cell.length;
    }
    expect(at).toBe(all.length);
  });
  test('no shown character is a control', () => {
    const all = Uint8Array.from({ length: 256 }, (_, n) => n);
    expect(visibleBytes(all)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});

describe('rows of text', () => {
  test('end at line feeds', () => expect(rows('a\nbc\n', 80)).toEqual(['a', 'bc']));
  test('carriage returns before them belong to the end', () =>
    expect(rows('a\r\nb', 80)).toEqual(['a', 'b']));
  test('an empty line is a row', () => expect(rows('a\n\nb', 80)).toEqual(['a', '', 'b']));
  test('wrap where the columns are full', () => expect(rows('abcdef', 4)).toEqual(['abcd', 'ef']));
  test('wide characters take two', () => expect(rows('漢字漢', 4)).toEqual(['漢字', '漢']));
  test('a character wider than the row still has one', () =>
    expect(rows('\u0001\u0001', 1)).toHaveLength(2));
  test('nothing is one empty row', () =>
    expect(textRows(utf8(''), 80)).toEqual(Uint32Array.of(0, 0)));
});

test('base64 comes out as bytes', () => expect(fromBase64('R0VUIA==')).toEqual(utf8('GET ')));
test('text is told from the rest', () => {
  expect(looksLikeText(utf8('GET / HTTP/1.1\r\n'))).toBe(true);
  expect(looksLikeText(Uint8Array.from({ length: 64 }, (_, n) => n * 4))).toBe(false);
});
