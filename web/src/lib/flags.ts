// What is said of a flow, and what it means to who reads its content.

import type { Flow } from './types';

export const FLAGS: Record<string, { grade: 'bad' | 'warn' | 'note'; says: string }> = {
  midstream: { grade: 'warn', says: 'The capture began in the middle of it.' },
  gap: { grade: 'bad', says: 'Content is missing; the gaps are marked.' },
  reorder: { grade: 'note', says: 'Segments came early and were put in order.' },
  conflict: { grade: 'bad', says: 'Some bytes came twice and differed; both versions are kept.' },
  fragment: { grade: 'note', says: 'Some datagrams came in fragments and were put together.' },
  truncated: { grade: 'bad', says: 'The capture cut packets short: content is missing.' },
  reused: {
    grade: 'note',
    says: 'It began on the ports of an earlier connection, and ended that.',
  },
  evicted: { grade: 'warn', says: 'It was written out early: the flow table was full.' },
  urgent: {
    grade: 'note',
    says: 'An urgent pointer took bytes out of the stream; they are kept aside.',
  },
  attempts: {
    grade: 'warn',
    says: 'Many attempts in one row: a flood or a scan, summed up when there were too many to list.',
  },
  'after-reset': {
    grade: 'warn',
    says: 'TCP data came after a reset: late, or the reset never reached the receiver or was refused.',
  },
  'content-limit': {
    grade: 'warn',
    says: 'Content limit reached: what came past it was counted, not stored.',
  },
  'no-content': {
    grade: 'note',
    says: 'Recorded without content: its port or network was named so.',
  },
  overload: {
    grade: 'bad',
    says: 'Content was shed because the sensor could not keep up; packets and bytes are counted.',
  },
};

export function flagWords(flow: Flow): string[] {
  return flow.flags ? flow.flags.split(',') : [];
}
