// A flow's content as far as it is loaded: one stretch of blocks, in the order of arrival, that
// grows at either end as one scrolls and is cut at the other, so that memory does not follow the
// flow's size. A flow that is open grows at the end.

import { api, ApiError } from './api';
import { before, compare, joined, parseCursor, toBlock, type Block, type Cursor } from './blocks';
import type { Side } from './types';

const FIRST_BYTES = 64 * 1024;
const WINDOW_BYTES = 256 * 1024;
// Four chunks of 65,000 bytes are one window.
const WINDOW_CHUNKS = 4;
const HELD_BYTES_MAX = 12 * 1024 * 1024;
const HELD_BLOCKS_MAX = 20_000;
// How far one call looks back for the other side's bytes.
const LOOK_BACKS_MAX = 40;

export class Content {
  blocks = $state.raw<Block[]>([]);
  atStart = $state(true);
  atEnd = $state(false);
  loading = $state<'' | 'first' | 'after' | 'before'>('first');
  error = $state.raw<ApiError | null>(null);
  private next = '0.0.0';
  private stale = new AbortController();

  constructor(
    readonly id: string,
    readonly side: Side | undefined,
  ) {}

  close() {
    this.stale.abort();
  }

  // Loads anew, from the start of a chunk.
  async open(chunk = 0) {
    this.stale.abort();
    this.stale = new AbortController();
    this.next = `${chunk}.0.0`;
    this.atStart = chunk === 0;
    this.atEnd = false;
    this.loading = '';
    await this.load('first', async (signal) => {
      const window = await api.turns(
        this.id,
        { after: this.next, limit: FIRST_BYTES, side: this.side },
        signal,
      );
      this.next = window.next;
      this.atEnd = window.end;
      this.blocks = joined([], window.turns.map(toBlock));
    });
  }

  async loadAfter() {
    if (this.atEnd) return;
    await this.more();
  }

  // The flow has grown: if its end is on screen or was reached, get what is new.
  async grown() {
    if (this.atEnd) await this.more();
  }

  private more() {
    return this.load('after', async (signal) => {
      const window = await api.turns(
        this.id,
        { after: this.next, limit: WINDOW_BYTES, side: this.side },
        signal,
      );
      this.next = window.next;
      this.atEnd = window.end;
      if (window.turns.length)
        this.blocks = this.cutFront(joined(this.blocks, window.turns.map(toBlock)));
    });
  }

  async loadBefore() {
    const first = this.blocks[0];
    if (this.atStart || !first) return;
    await this.load('before', async (signal) => {
      let end: Cursor = first.cursor;
      let found: Block[] = [];
      for (
        let tries = 0;
        tries < LOOK_BACKS_MAX && found.length === 0 && end[0] + end[1] + end[2] > 0;
        tries++
      ) {
        const from = Math.max(0, end[0] - (end[1] || end[2] ? WINDOW_CHUNKS - 1 : WINDOW_CHUNKS));
        found = await this.range(from, end, signal);
        end = [from, 0, 0];
      }
      this.atStart = end[0] === 0;
      // Not joined with what is there, so that what is on screen keeps its place.
      this.blocks = this.cutBack([...found, ...this.blocks]);
    });
  }

  private async range(from: number, end: Cursor, signal: AbortSignal): Promise<Block[]> {
    let after = `${from}.0.0`;
    let blocks: Block[] = [];
    for (;;) {
      const window = await api.turns(
        this.id,
        { after, limit: WINDOW_BYTES, side: this.side },
        signal,
      );
      blocks = joined(blocks, before(window.turns.map(toBlock), end));
      if (window.end || compare(parseCursor(window.next), end) >= 0 || window.next === after)
        return blocks;
      after = window.next;
    }
  }

  private cutFront(blocks: Block[]): Block[] {
    let held = blocks.reduce((sum, block) => sum + block.bytes.length, 0);
    let from = 0;
    while (
      from < blocks.length - 1 &&
      (held > HELD_BYTES_MAX || blocks.length - from > HELD_BLOCKS_MAX)
    ) {
      held -= blocks[from++]!.bytes.length;
    }
    if (from > 0) this.atStart = false;
    return from > 0 ? blocks.slice(from) : blocks;
  }

  private cutBack(blocks: Block[]): Block[] {
    let held = 0;
    let to = 0;
    while (
      to < blocks.length &&
      to < HELD_BLOCKS_MAX &&
      (to === 0 || held + blocks[to]!.bytes.length <= HELD_BYTES_MAX)
    ) {
      held += blocks[to++]!.bytes.length;
    }
    if (to < blocks.length) {
      this.atEnd = false;
      this.next = blocks[to]!.key;
    }
    return blocks.slice(0, to);
  }

  private async load(
    what: 'first' | 'after' | 'before',
    work: (signal: AbortSignal) => Promise<void>,
  ) {
    if (this.loading) return;
    const signal = this.stale.signal;
    this.loading = what;
    try {
      await work(signal);
      this.error = null;
    } catch (problem) {
      if (!signal.aborted)
        this.error = problem instanceof ApiError ? problem : new ApiError(String(problem), 0);
    } finally {
      if (!signal.aborted) this.loading = '';
    }
  }
}
