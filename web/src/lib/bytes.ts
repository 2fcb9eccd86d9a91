// Captured bytes as text that can be looked at. Everything here was written by an attacker: what
// comes out is put into text nodes only, and has no character that moves, hides or reorders others.

export function fromBase64(text: string): Uint8Array {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  return bytes;
}

const NOT_TEXT = '\u00b7';

// Whether a code point would not be seen as what it is: controls, line and paragraph separators,
// bidirectional and invisible formatting, surrogates, private use, noncharacters.
function isHidden(code: number): boolean {
  return (
    code < 0x20 ||
    (code >= 0x7f && code < 0xa0) ||
    code === 0xad ||
    code === 0x61c ||
    (code >= 0x180b && code <= 0x180f) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    (code >= 0xd800 && code <= 0xf8ff) ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    code === 0xfeff ||
    (code >= 0xfff0 && code <= 0xfffb) ||
    code >= 0xe0000
  );
}

// What stands for a hidden code point: "^@" to "^_" and "^?" for ASCII, else "‹202e›". The pictures
// that Unicode has for controls are in few fonts.
function picture(code: number): string {
  if (code < 0x80) return '^' + String.fromCharCode(code ^ 0x40);
  return `\u2039${code.toString(16)}\u203a`;
}

// Names, messages and other short text of unknown origin, safe to show.
export function visible(text: string): string {
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    out += isHidden(code) ? picture(code) : character;
  }
  return out;
}

// Bytes of a header or a name as one line.
export function visibleBytes(bytes: Uint8Array): string {
  return cells(bytes, 0, bytes.length)
    .map((cell) => cell.text)
    .join('');
}

// One thing on the screen: a character, or what stands for a control or for a byte that is no text.
export interface Cell {
  at: number;
  length: number;
  text: string;
  plain: boolean;
}

// Length of the UTF-8 sequence at `at`, or 0 where there is none (RFC 3629, no overlong forms).
export function utf8Length(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || end - at < length) return 0;
  for (let n = 1; n < length; n++) if ((bytes[at + n]! & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1]!;
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return length;
}

function codePoint(bytes: Uint8Array, at: number, length: number): number {
  if (length === 1) return bytes[at]!;
  let code = bytes[at]! & (0x7f >> length);
  for (let n = 1; n < length; n++) code = (code << 6) | (bytes[at + n]! & 0x3f);
  return code;
}

// Columns that a code point takes in a fixed font; wide for East Asian scripts and emoji.
function width(code: number): number {
  if (code === 9) return 4;
  if (isHidden(code)) return picture(code).length;
  return code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code < 0xa4d0) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xff00 && code <= 0xff60) ||
      code >= 0x1f300)
    ? 2
    : 1;
}

export function cells(bytes: Uint8Array, from: number, to: number): Cell[] {
  const out: Cell[] = [];
  for (let at = from; at < to;) {
    const length = utf8Length(bytes, at, to);
    if (length === 0) {
      out.push({ at, length: 1, text: NOT_TEXT, plain: false });
      at += 1;
      continue;
    }
    const code = codePoint(bytes, at, length);
    const plain = !isHidden(code);
    const text = code === 9 ? '\u21e5   ' : plain ? String.fromCodePoint(code) : picture(code);
    out.push({ at, length, text, plain });
    at += length;
  }
  return out;
}

// Where the rows of a text begin: after each line feed, and where `columns` are full. The last
// entry is bytes.length. A line's own end (CR LF or LF) is part of its row.
export function textRows(bytes: Uint8Array, columns: number): Uint32Array {
  const starts: number[] = [0];
  let column = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] === 0x0a) {
      at += 1;
      if (at < bytes.length) starts.push(at);
      column = 0;
      continue;
    }
    if (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) {
      at += 1;
      continue;
    }
    const length = utf8Length(bytes, at, bytes.length);
    const wide = length === 0 ? 1 : width(codePoint(bytes, at, length));
    if (column > 0 && column + wide > columns) {
      starts.push(at);
      column = 0;
    }
    column += wide;
    at += length || 1;
  }
  starts.push(bytes.length);
  return Uint32Array.from(starts);
}

// The end of a row's text without the line end that it contains.
export function rowTextEnd(bytes: Uint8Array, from: number, to: number): number {
  if (to > from && bytes[to - 1] === 0x0a) to -= 1;
  if (to > from && bytes[to - 1] === 0x0d && bytes[to] === 0x0a) to -= 1;
  return to;
}

const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

export function hexByte(byte: number): string {
  return HEX[byte]!;
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => HEX[byte]).join('');
}

export function asciiByte(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : NOT_TEXT;
}

// Whether most of it can be read, for choosing between text and hex at first sight.
export function looksLikeText(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, 2048);
  let readable = 0;
  for (let at = 0; at < end;) {
    const length = utf8Length(bytes, at, bytes.length);
    const code = length ? codePoint(bytes, at, length) : 0;
    if (length && (!isHidden(code) || code === 9 || code === 10 || code === 13)) readable += length;
    at += length || 1;
  }
  return end === 0 || readable / end > 0.85;
}
