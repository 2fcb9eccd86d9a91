import { expect, test } from 'vitest';
import { now } from '../src/lib/status';

const status = (second: number, figures: Record<string, number>) => ({
  time: `2026-01-01T00:00:0${second}.000000000Z`,
  fresh: true,
  figures,
});

test('rates are those between two reports', () => {
  const first = status(0, { 'dfc_packets_total{outcome="delivered"}': 100, dfc_store_rows_total: 7 });
  const second = status(5, {
    'dfc_packets_total{outcome="delivered"}': 500,
    'dfc_packets_total{outcome="arp"}': 100,
    dfc_store_rows_total: 17,
  });
  expect(now(first, null).packetsPerS).toBe(null);
  expect(now(second, first).packetsPerS).toBe(100);
  expect(now(second, first).rowsPerS).toBe(2);
});

test('a counter that fell is of another run', () => {
  const before = status(0, { dfc_store_rows_total: 50 });
  expect(now(status(5, { dfc_store_rows_total: 3 }), before).rowsPerS).toBe(null);
});

test('the fullest queue is shown, and a mean of what was written', () => {
  const shown = now(
    status(0, {
      'dfc_packet_blocks_waiting{worker="0"}': 2,
      'dfc_packet_blocks_waiting{worker="1"}': 9,
      dfc_packet_blocks_limit: 32,
      dfc_store_write_seconds_sum: 0.5,
      dfc_store_write_seconds_count: 100,
    }),
    null,
  );
  expect([shown.packetBlocks, shown.packetBlocksLimit, shown.writeMs]).toEqual([9, 32, 5]);
  expect(shown.spoolLimit).toBe(0);
});
