import { afterEach, expect, test, vi } from 'vitest';
import { Content } from '../src/lib/content.svelte';

const CHUNK_BYTES = 65_000;
const TIMEOUT_MS = 60_000;

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

// A flow of `chunks` pieces that one side sends, behind the interface of the server: windows of at
// most `limit` bytes that go on where the one before ended.
function serve(chunks: number) {
  const asked: string[] = [];
  const sent = new Uint8Array(chunks * CHUNK_BYTES);
  for (let at = 0; at < sent.length; at++) sent[at] = at * 31 + (at >> 8);
  vi.stubGlobal('fetch', async (address: string) => {
    const params = new URL(address, 'http://x').searchParams;
    const after = params.get('after')!;
    asked.push(after);
    const [chunk, turn, offset] = after.split('.').map(Number) as [number, number, number];
    let at = (chunk + (turn > 0 ? 1 : 0)) * CHUNK_BYTES + offset;
    const end = Math.min(chunks * CHUNK_BYTES, at + Number(params.get('limit')));
    const turns = [];
    while (at < end) {
      const inside = at % CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - inside, end - at);
      turns.push({
        cursor: `${Math.floor(at / CHUNK_BYTES)}.0.${inside}`,
        side: 'server',
        kind: 'data',
        dt_ns: 0,
        time: '2026-11-23T01:59:03.000000000Z',
        offset: at,
        length,
        continues: inside > 0,
        bytes: base64(sent.subarray(at, at + length)),
      });
      at += length;
    }
    const next =
      at % CHUNK_BYTES
        ? `${Math.floor(at / CHUNK_BYTES)}.0.${at % CHUNK_BYTES}`
        : `${at / CHUNK_BYTES}.0.0`;
    return Response.json({ flow: '0', turns, next, end: at === chunks * CHUNK_BYTES });
  });
  return { asked, sent };
}

afterEach(() => vi.unstubAllGlobals());

// Every byte of the blocks, against what was sent; returns first and one past the last offset.
function checked(content: Content, sent: Uint8Array): [number, number] {
  const { blocks } = content;
  let at = blocks[0]!.offset;
  for (const block of blocks) {
    expect(block.offset).toBe(at);
    expect(block.bytes.every((value, n) => value === sent[at + n])).toBe(true);
    at += block.length;
  }
  return [blocks[0]!.offset, at];
}

test('windows follow each other to the end', async () => {
  const { asked, sent } = serve(9);
  const content = new Content('0', undefined);
  await content.open();
  while (!content.atEnd) await content.loadAfter();
  expect(checked(content, sent)).toEqual([0, 9 * CHUNK_BYTES]);
  expect(new Set(asked).size).toBe(asked.length);
});

test(
  'memory is bounded, and what was let go of is loaded again',
  async () => {
    const { sent } = serve(220);
    const content = new Content('0', undefined);
    await content.open();
    while (!content.atEnd) await content.loadAfter();
    const [from, to] = checked(content, sent);
    expect(to).toBe(220 * CHUNK_BYTES);
    expect(to - from).toBeLessThan(13_000_000);
    expect(content.atStart).toBe(false);
    while (!content.atStart) await content.loadBefore();
    const [again, until] = checked(content, sent);
    expect(again).toBe(0);
    expect(until).toBeLessThan(13_000_000);
    expect(content.atEnd).toBe(false);
    await content.loadAfter();
    expect(checked(content, sent)[1]).toBeGreaterThan(until);
  },
  TIMEOUT_MS,
);

test('begins in the middle and goes both ways', async () => {
  const { sent } = serve(20);
  const content = new Content('0', undefined);
  await content.open(10);
  expect(checked(content, sent)[0]).toBe(10 * CHUNK_BYTES);
  while (!content.atStart) await content.loadBefore();
  while (!content.atEnd) await content.loadAfter();
  expect(checked(content, sent)).toEqual([0, 20 * CHUNK_BYTES]);
});

test('a failed window can be asked for again', async () => {
  const { sent } = serve(3);
  const content = new Content('0', undefined);
  await content.open();
  const good = globalThis.fetch;
  vi.stubGlobal('fetch', async () =>
    Response.json({ error: 'the store is away' }, { status: 503 }),
  );
  await content.loadAfter();
  expect(content.error?.message).toBe('the store is away');
  vi.stubGlobal('fetch', good);
  while (!content.atEnd) await content.loadAfter();
  expect(content.error).toBeNull();
  expect(checked(content, sent)).toEqual([0, 3 * CHUNK_BYTES]);
});
