// The two streams of a flow out of its loaded blocks, for decoders that read messages. A stream
// ends at its first gap: what follows one can't be told apart from the middle of a message.

import type { Block } from './blocks';
import { join } from './http1';
import type { Side } from './types';

export interface Stream {
  bytes: Uint8Array;
  gap: boolean; // Ended by a gap.
  timeAt: (byte: number) => string;
}

const STREAM_BYTES_MAX = 8 * 1024 * 1024;

export function streamOf(blocks: Block[], side: Side): Stream {
  const parts: Uint8Array[] = [];
  const marks: { at: number; time: string }[] = [];
  let length = 0;
  let gap = false;
  for (const block of blocks) {
    if (block.side !== side) continue;
    gap = block.kind === 'gap';
    if (gap || length > STREAM_BYTES_MAX) break;
    if (block.kind !== 'data') continue;
    marks.push({ at: length, time: block.time });
    parts.push(block.bytes);
    length += block.bytes.length;
  }
  return {
    bytes: join(parts),
    gap,
    timeAt: (byte) => marks.findLast((mark) => mark.at <= byte)?.time ?? '',
  };
}
