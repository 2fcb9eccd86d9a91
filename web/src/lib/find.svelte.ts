// Find in a flow: reads all of it, window by window, and keeps where the hits are. Bytes are
// compared, letters of ASCII without case; "0x 0d 0a" looks for just these bytes. A hit may lie
// across the cuts of windows and chunks.

import { api } from './api';
import { parseCursor, toBlock, type Block } from './blocks';
import type { Kind, Side } from './types';

export interface Hit {
  side: Side;
  kind: Kind;
  offset: number; // In the side's stream.
  length: number;
  chunk: number;
}

export interface Needle {
  bytes: Uint8Array;
  exact: boolean;
}

const HITS_MAX = 10_000;
const SCAN_BYTES_MAX = 512 * 1024 * 1024;
const NEEDLE_BYTES_MAX = 256;
const WINDOW_BYTES = 256 * 1024;

export function parseNeedle(text: string): Needle | null {
  const digits = /^0x\s*((?:[0-9a-f]{2}\s*)+)$/i.exec(text)?.[1]?.replace(/\s/g, '');
  const bytes = digits
    ? Uint8Array.from(digits.match(/../g)!, (pair) => parseInt(pair, 16))
    : new TextEncoder().encode(text);
  if (bytes.length === 0 || bytes.length > NEEDLE_BYTES_MAX) return null;
  return { bytes: digits ? bytes : bytes.map(lower), exact: digits !== undefined };
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

// Where the needle begins in bytes[from, to), hits may end behind `to`. They do not overlap.
export function search(bytes: Uint8Array, needle: Needle, from = 0, to = bytes.length): number[] {
  const found: number[] = [];
  const { bytes: wanted, exact } = needle;
  const last = Math.min(to, bytes.length - wanted.length + 1);
  for (let at = from; at < last; at++) {
    let n = 0;
    while (n < wanted.length && (exact ? bytes[at + n] : lower(bytes[at + n]!)) === wanted[n]) n++;
    if (n < wanted.length) continue;
    found.push(at);
    at += n - 1;
  }
  return found;
}

export class Finder {
  hits = $state.raw<Hit[]>([]);
  at = $state(-1); // The current hit.
  searched = $state(0);
  done = $state(true);
  cut = $state(false); // There is more than it looked for.
  needle = $state.raw<Needle | null>(null);
  failed = $state('');
  private abort = new AbortController();

  stop() {
    this.abort.abort();
    this.done = true;
  }

  clear() {
    this.stop();
    this.needle = null;
    this.hits = [];
    this.at = -1;
    this.failed = '';
  }

  async start(id: string, side: Side | undefined, text: string) {
    this.clear();
    this.needle = parseNeedle(text);
    if (!this.needle) return;
    this.abort = new AbortController();
    this.searched = 0;
    this.cut = false;
    this.done = false;
    const { signal } = this.abort;
    try {
      await this.scan(id, side, this.needle, signal);
    } catch (problem) {
      if (!signal.aborted)
        this.failed = problem instanceof Error ? problem.message : String(problem);
    }
    if (!signal.aborted) this.done = true;
  }

  private async scan(id: string, side: Side | undefined, needle: Needle, signal: AbortSignal) {
    let after = '0.0.0';
    const tails = new Map<string, Tail>();
    for (;;) {
      const window = await api.turns(id, { after, limit: WINDOW_BYTES, side }, signal);
      if (signal.aborted) return;
      const found: Hit[] = [];
      for (const turn of window.turns) {
        const block = toBlock(turn);
        this.searched += block.bytes.length;
        found.push(...hitsOf(block, parseCursor(turn.cursor)[0], needle, tails));
      }
      if (found.length) this.hits = [...this.hits, ...found].slice(0, HITS_MAX);
      if (this.at < 0 && this.hits.length) this.at = 0;
      this.cut = this.hits.length >= HITS_MAX || this.searched >= SCAN_BYTES_MAX;
      if (window.end || this.cut || window.next === after) return;
      after = window.next;
    }
  }

  step(by: 1 | -1): Hit | null {
    if (!this.hits.length) return null;
    this.at = (this.at + by + this.hits.length) % this.hits.length;
    return this.hits[this.at]!;
  }
}

// The last bytes of a stream so far, which may be the start of a hit.
interface Tail {
  bytes: Uint8Array;
  end: number;
}

function hitsOf(block: Block, chunk: number, needle: Needle, tails: Map<string, Tail>): Hit[] {
  if (block.kind === 'gap') return [];
  const keep = needle.bytes.length - 1;
  const stream = `${block.side} ${block.kind}`;
  const tail = tails.get(stream);
  const goesOn = tail && tail.end === block.offset && (block.kind === 'data' || block.continued);
  const carried = goesOn ? tail.bytes : new Uint8Array();
  const bytes = new Uint8Array(carried.length + block.bytes.length);
  bytes.set(carried);
  bytes.set(block.bytes, carried.length);
  const found = search(bytes, needle);
  // A hit's own bytes are not the start of another one.
  const used = found.length ? found.at(-1)! + needle.bytes.length : 0;
  const rest = bytes.subarray(Math.max(bytes.length - keep, used));
  tails.set(stream, {
    bytes: keep > 0 ? rest : new Uint8Array(),
    end: block.offset + block.length,
  });
  return found.map((at) => ({
    side: block.side,
    kind: block.kind,
    offset: block.offset - carried.length + at,
    length: needle.bytes.length,
    chunk,
  }));
}
