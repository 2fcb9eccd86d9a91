import { describe, expect, test } from 'vitest';
import {
  before,
  blockAt,
  joined,
  layOut,
  rowAt,
  rowsOf,
  toBlock,
  type Block,
} from '../src/lib/blocks';
import { parseNeedle, search } from '../src/lib/find.svelte';
import type { Turn } from '../src/lib/types';

// "0.1.0 server data 5:abc": cursor, side, kind, offset and bytes; a gap has a length for bytes.
function turns(script: string): Block[] {
  return script.split(', ').map((line) => {
    const [cursor, side, kind, at] = line.split(' ') as [
      string,
      Turn['side'],
      Turn['kind'],
      string,
    ];
    const [offset, text] = at.split(':') as [string, string];
    const length = kind === 'gap' ? Number(text) : text.length;
    return toBlock({
      cursor,
      side,
      kind,
      length,
      offset: Number(offset),
      time: '2026-11-23T01:59:03.000000000Z',
      dt_ns: 0,
      continues: !cursor.endsWith('.0'),
      bytes: kind === 'gap' ? '' : btoa(text),
    });
  });
}
const said = (blocks: Block[]) =>
  blocks
    .map(
      (b) =>
        `${b.side[0]}${b.offset}:${b.kind === 'gap' ? `<${b.length}>` : new TextDecoder().decode(b.bytes)}${b.continued ? '~' : ''}`,
    )
    .join(' ');

describe('blocks', () => {
  test('cuts of windows and chunks are joined', () =>
    expect(
      said(
        joined([], turns('0.0.0 client data 0:ab, 0.0.2 client data 2:cd, 1.0.0 client data 4:ef')),
      ),
    ).toBe('c0:abcdef'));
  test('sides take turns', () =>
    expect(
      said(
        joined([], turns('0.0.0 client data 0:ab, 0.1.0 server data 0:cd, 0.2.0 client data 2:ef')),
      ),
    ).toBe('c0:ab s0:cd c2:ef'));
  test('a gap stands between', () =>
    expect(
      said(
        joined([], turns('0.0.0 client data 0:ab, 0.1.0 client gap 2:9, 0.2.0 client data 11:c')),
      ),
    ).toBe('c0:ab c2:<9> c11:c'));
  test('another version is not joined', () =>
    expect(
      said(
        joined(
          [],
          turns('0.0.0 client data 0:ab, 0.1.0 client conflict 2:X, 0.2.0 client data 2:c'),
        ),
      ),
    ).toBe('c0:ab c2:X c2:c'));
  test('datagrams stay apart, their parts do not', () =>
    expect(
      said(
        joined(
          [],
          turns(
            '0.0.0 client datagram 0:ab, 0.1.0 client datagram 2:cd, 0.1.2 client datagram 4:ef',
          ),
        ),
      ),
    ).toBe('c0:ab c2:cdef'));
  test('a later window goes on where the one before ended', () => {
    const first = joined([], turns('0.0.0 client data 0:ab'));
    expect(said(joined(first, turns('0.0.2 client data 2:cd')))).toBe('c0:abcd');
    expect(said(first)).toBe('c0:ab');
  });
  test('a large turn becomes several, the later ones marked', () => {
    const half = 'x'.repeat(600 * 1024);
    const parts = joined(
      [],
      turns(`0.0.0 server data 0:${half}, 1.0.0 server data ${half.length}:${half}`),
    );
    expect(parts.map((b) => [b.offset, b.continued])).toEqual([
      [0, false],
      [half.length, true],
    ]);
  });
  test('what lies before a cursor is cut there', () => {
    const all = turns('0.0.0 client data 0:abcd, 0.1.0 server data 0:efgh');
    expect(said(before(all, [0, 1, 2]))).toBe('c0:abcd s0:ef');
    expect(said(before(all, [0, 1, 0]))).toBe('c0:abcd');
  });
});

describe('layout', () => {
  const blocks = joined(
    [],
    turns(
      `0.0.0 client data 0:${'a\n'.repeat(10)}, 0.1.0 server gap 0:5, 0.2.0 server data 5:${'b'.repeat(100)}`,
    ),
  );
  test('a height leads to its block', () => {
    const layout = layOut(blocks, 'text', 80);
    for (let at = 0; at < blocks.length; at++) {
      expect(blockAt(layout, layout.tops[at]!)).toBe(at);
      expect(blockAt(layout, layout.tops[at + 1]! - 1)).toBe(at);
    }
  });
  test('a byte leads to its row', () => {
    expect(rowAt(rowsOf(blocks[0]!, 'text', 80), 7)).toBe(3);
    expect(rowAt(rowsOf(blocks[2]!, 'hex', 80), 33)).toBe(2);
    expect(rowAt(rowsOf(blocks[2]!, 'text', 40), 99)).toBe(2);
  });
  test('other columns are laid out anew', () => {
    expect(rowsOf(blocks[2]!, 'text', 50).count).toBe(2);
    expect(rowsOf(blocks[2]!, 'text', 25).count).toBe(4);
  });
});

describe('find', () => {
  const find = (hay: string, needle: string) =>
    search(new TextEncoder().encode(hay), parseNeedle(needle)!);
  test('letters have no case', () => expect(find('aFLAGflag', 'Flag')).toEqual([1, 5]));
  test('hits do not overlap', () => expect(find('aaaa', 'aa')).toEqual([0, 2]));
  test('bytes are exact', () => expect(find('a\r\nA', '0x 0d 0a')).toEqual([1]));
  test('bytes of letters have case', () => expect(find('aA', '0x41')).toEqual([1]));
  test('nothing looks for nothing', () => expect(parseNeedle('')).toBeNull());
});
