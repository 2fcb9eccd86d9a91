// Blocks are what the conversation shows: one side's uninterrupted bytes, a gap, a datagram,
// another version of some bytes. The API cuts turns where its windows and chunks end; here what
// belongs together is joined again, up to a size at which a block still lays out at once.

import { fromBase64, textRows } from './bytes';
import type { Kind, Side, Turn } from './types';

export type Cursor = [chunk: number, turn: number, byte: number];

export interface Block {
  key: string; // Of the cursor where it begins: the same however it was loaded.
  cursor: Cursor;
  side: Side;
  kind: Kind;
  time: string;
  dt: number;
  offset: number;
  length: number; // Of a gap: what is missing.
  bytes: Uint8Array;
  continued: boolean; // The block before it ends where this one begins.
}

const BLOCK_BYTES_MAX = 1024 * 1024;

export function parseCursor(text: string): Cursor {
  const [chunk, turn, byte] = text.split('.').map(Number);
  return [chunk ?? 0, turn ?? 0, byte ?? 0];
}

export function compare(a: Cursor, b: Cursor): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

export function toBlock(turn: Turn): Block {
  return {
    key: turn.cursor,
    cursor: parseCursor(turn.cursor),
    side: turn.side,
    kind: turn.kind,
    time: turn.time,
    dt: turn.dt_ns,
    offset: turn.offset,
    length: turn.length,
    bytes: turn.bytes ? fromBase64(turn.bytes) : new Uint8Array(),
    continued: turn.continues,
  };
}

// Whether `next` goes on where `block` ends. Datagrams do so only within one.
function goesOn(block: Block, next: Block): boolean {
  const same =
    block.side === next.side &&
    block.kind === next.kind &&
    block.offset + block.length === next.offset;
  return same && (block.kind === 'data' || next.continued);
}

// Appends turns in order. Where one goes on the last block, that is replaced by a longer one:
// blocks are never changed, so that what was laid out of one stays right.
export function joined(blocks: Block[], more: Block[]): Block[] {
  const out = blocks.slice();
  for (let at = 0; at < more.length;) {
    const last = out.at(-1);
    const parts: Block[] = [];
    let tail = last;
    let length = last?.length ?? 0;
    while (
      at < more.length &&
      tail &&
      goesOn(tail, more[at]!) &&
      (tail.kind === 'gap' || length + more[at]!.length <= BLOCK_BYTES_MAX)
    ) {
      tail = more[at++]!;
      length += tail.length;
      parts.push(tail);
    }
    if (last && parts.length) {
      out[out.length - 1] = { ...last, length, bytes: concat(last, parts) };
    } else {
      const next = more[at++]!;
      out.push({ ...next, continued: last !== undefined && goesOn(last, next) });
    }
  }
  return out;
}

function concat(first: Block, parts: Block[]): Uint8Array {
  const out = new Uint8Array(
    parts.reduce((sum, part) => sum + part.bytes.length, first.bytes.length),
  );
  out.set(first.bytes);
  let at = first.bytes.length;
  for (const part of parts) {
    out.set(part.bytes, at);
    at += part.bytes.length;
  }
  return out;
}

// What of `turns` lies before `end`.
export function before(turns: Block[], end: Cursor): Block[] {
  const out: Block[] = [];
  for (const block of turns) {
    if (compare(block.cursor, end) >= 0) break;
    const [chunk, turn, byte] = block.cursor;
    const keep = end[2] - byte;
    if (chunk === end[0] && turn === end[1] && block.kind !== 'gap' && keep < block.length) {
      out.push({ ...block, length: keep, bytes: block.bytes.subarray(0, keep) });
      break;
    }
    out.push(block);
  }
  return out;
}

// Layout ------------------------------------------------------------------------------------------

export type Mode = 'text' | 'hex';

export const ROW_PX = 20;
export const HEAD_PX = 34;
export const BAR_PX = 34;
// Below each block's last row; the larger part of it is between the blocks.
export const FOOT_PX = 15;
export const BETWEEN_PX = 9;
export const HEX_BYTES = 16;

interface Rows {
  mode: Mode;
  columns: number;
  starts: Uint32Array | null; // Null for hex, whose rows are all alike.
  count: number;
}

const laidOut = new WeakMap<Block, Rows>();

export function rowsOf(block: Block, mode: Mode, columns: number): Rows {
  const known = laidOut.get(block);
  if (known && known.mode === mode && (mode === 'hex' || known.columns === columns)) return known;
  const starts = mode === 'text' ? textRows(block.bytes, columns) : null;
  const count =
    block.kind === 'gap'
      ? 0
      : starts
        ? block.bytes.length
          ? starts.length - 1
          : 0
        : Math.ceil(block.bytes.length / HEX_BYTES);
  const rows = { mode, columns, starts, count };
  laidOut.set(block, rows);
  return rows;
}

// First and one past the last byte of a row.
export function rowRange(block: Block, rows: Rows, row: number): [number, number] {
  if (rows.starts) return [rows.starts[row]!, rows.starts[row + 1]!];
  return [row * HEX_BYTES, Math.min(block.bytes.length, (row + 1) * HEX_BYTES)];
}

export function rowAt(rows: Rows, byte: number): number {
  if (!rows.starts) return Math.floor(byte / HEX_BYTES);
  let low = 0;
  let high = rows.count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows.starts[middle]! <= byte) low = middle;
    else high = middle - 1;
  }
  return low;
}

export function headPx(block: Block): number {
  return block.kind === 'gap' ? BAR_PX : HEAD_PX;
}

export interface Layout {
  tops: Float64Array; // One more than blocks: the last is the whole height.
}

export function layOut(blocks: Block[], mode: Mode, columns: number): Layout {
  const tops = new Float64Array(blocks.length + 1);
  blocks.forEach((block, at) => {
    const rows = rowsOf(block, mode, columns).count;
    tops[at + 1] =
      tops[at]! + headPx(block) + rows * ROW_PX + (block.kind === 'gap' ? BETWEEN_PX : FOOT_PX);
  });
  return { tops };
}

// The block at a height.
export function blockAt(layout: Layout, y: number): number {
  let low = 0;
  let high = layout.tops.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (layout.tops[middle]! <= y) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low);
}
