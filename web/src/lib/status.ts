// A sensor's figures as the Health screen shows them.

import type { Status } from './types';

export interface Now {
  packetsPerS: number | null; // Null before a second status is there to compare with.
  rowsPerS: number | null;
  writeMs: number | null;
  flows: number;
  flowsLimit: number;
  packetBlocks: number; // Of the worker that has most.
  packetBlocksLimit: number;
  eventBlocks: number;
  eventBlocksLimit: number;
  awayS: number;
  spoolBytes: number;
  spoolLimit: number;
  spoolRows: number;
  memory: number;
}

// The samples of one family, whatever their labels.
function samples(status: Status, name: string): number[] {
  return Object.entries(status.figures)
    .filter(([key]) => key === name || key.startsWith(name + '{'))
    .map(([, value]) => value);
}
const one = (status: Status, name: string) => samples(status, name)[0] ?? 0;
const sum = (status: Status, name: string) => samples(status, name).reduce((a, b) => a + b, 0);
const most = (status: Status, name: string) => Math.max(0, ...samples(status, name));

// How much a counter grew in a second. One that has fallen is of another run.
function perSecond(status: Status, before: Status | null, name: string): number | null {
  if (!before) return null;
  const seconds = (Date.parse(status.time) - Date.parse(before.time)) / 1e3;
  const grown = sum(status, name) - sum(before, name);
  return seconds > 0 && grown >= 0 ? grown / seconds : null;
}

export function now(status: Status, before: Status | null): Now {
  const blocks = one(status, 'dfc_store_write_seconds_count');
  return {
    packetsPerS: perSecond(status, before, 'dfc_packets_total'),
    rowsPerS: perSecond(status, before, 'dfc_store_rows_total'),
    writeMs: blocks ? (one(status, 'dfc_store_write_seconds_sum') / blocks) * 1e3 : null,
    flows: one(status, 'dfc_flows'),
    flowsLimit: one(status, 'dfc_flows_limit'),
    packetBlocks: most(status, 'dfc_packet_blocks_waiting'),
    packetBlocksLimit: one(status, 'dfc_packet_blocks_limit'),
    eventBlocks: most(status, 'dfc_event_blocks_used'),
    eventBlocksLimit: one(status, 'dfc_event_blocks_limit'),
    awayS: one(status, 'dfc_store_away_seconds'),
    spoolBytes: one(status, 'dfc_spool_bytes'),
    spoolLimit: one(status, 'dfc_spool_limit_bytes'),
    spoolRows: one(status, 'dfc_spool_rows'),
    memory: one(status, 'dfc_resident_memory_bytes'),
  };
}
