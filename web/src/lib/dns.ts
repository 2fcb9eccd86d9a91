// Reads a DNS message (RFC 1035, section 4) well enough to show it. What it can't read it says so
// about, and gives nothing: the bytes are there to look at. Every pointer goes backwards and every
// count is bounded by the message, so a hostile one ends like any other.

import { visible, visibleBytes } from './bytes';

export interface DnsQuestion {
  name: string;
  type: string;
}

export interface DnsRecord extends DnsQuestion {
  ttl: number;
  data: string;
}

export interface DnsMessage {
  id: number;
  response: boolean;
  opcode: number;
  code: string;
  cut: boolean;
  questions: DnsQuestion[];
  answers: DnsRecord[];
  authority: number;
  additional: number;
}

const TYPES: Record<number, string> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  41: 'OPT',
  43: 'DS',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
  252: 'AXFR',
  255: 'ANY',
  257: 'CAA',
};
const CODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const NAME_BYTES_MAX = 255;
const RECORDS_MAX = 64;

class Cut extends Error {}

class Reader {
  at = 0;
  constructor(
    readonly bytes: Uint8Array,
    readonly view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  ) {}

  private take(length: number): number {
    if (this.bytes.length - this.at < length) throw new Cut();
    const at = this.at;
    this.at += length;
    return at;
  }

  u8 = () => this.view.getUint8(this.take(1));
  u16 = () => this.view.getUint16(this.take(2));
  u32 = () => this.view.getUint32(this.take(4));
  raw = (length: number) => {
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  };

  // A name may end in a pointer, which must go to before where the name so far began.
  name(): string {
    const labels: string[] = [];
    let back = -1;
    let before = this.at;
    let length = 0;
    for (;;) {
      const size = this.u8();
      if (size === 0) break;
      if ((size & 0xc0) === 0xc0) {
        const target = ((size & 0x3f) << 8) | this.u8();
        if (target >= before) throw new Cut();
        if (back < 0) back = this.at;
        before = target;
        this.at = target;
        continue;
      }
      if (size > 63 || (length += size + 1) > NAME_BYTES_MAX) throw new Cut();
      labels.push(visibleBytes(this.raw(size)));
    }
    if (back >= 0) this.at = back;
    return labels.length ? labels.join('.') : '.';
  }
}

function address6(raw: Uint8Array): string {
  const view = new DataView(raw.buffer, raw.byteOffset, 16);
  const groups = Array.from({ length: 8 }, (_, n) => view.getUint16(n * 2).toString(16));
  const text = groups.join(':');
  const zeros = text.match(/(?:^|:)0(?::0)+(?=:|$)/g)?.sort((a, b) => b.length - a.length)[0];
  return zeros
    ? text.replace(zeros, text.endsWith(zeros) ? '::' : ':').replace(/^:(?!:)/, '::')
    : text;
}

function recordData(reader: Reader, type: number, length: number): string {
  const end = reader.at + length;
  const read: Record<number, () => string> = {
    1: () => (length === 4 ? Array.from(reader.raw(4)).join('.') : ''),
    2: () => reader.name(),
    5: () => reader.name(),
    6: () => `${reader.name()} ${reader.name()} serial ${reader.u32()}`,
    12: () => reader.name(),
    15: () => `${reader.u16()} ${reader.name()}`,
    16: () => {
      const parts: string[] = [];
      while (reader.at < end) parts.push(`"${visibleBytes(reader.raw(reader.u8()))}"`);
      return parts.join(' ');
    },
    28: () => (length === 16 ? address6(reader.raw(16)) : ''),
    33: () => {
      const [priority, weight, port] = [reader.u16(), reader.u16(), reader.u16()];
      return `${reader.name()}:${port} priority ${priority} weight ${weight}`;
    },
  };
  const text = read[type]?.() || `${length} bytes`;
  if (reader.at > end) throw new Cut();
  reader.at = end;
  return text;
}

function question(reader: Reader): DnsQuestion {
  const name = reader.name();
  const type = reader.u16();
  reader.u16();
  return { name, type: TYPES[type] ?? `TYPE${type}` };
}

function record(reader: Reader): DnsRecord {
  const name = reader.name();
  const type = reader.u16();
  reader.u16();
  const ttl = reader.u32();
  const length = reader.u16();
  if (reader.bytes.length - reader.at < length) throw new Cut();
  return { name, type: TYPES[type] ?? `TYPE${type}`, ttl, data: recordData(reader, type, length) };
}

// Null for what is no DNS message.
export function readDns(bytes: Uint8Array): DnsMessage | null {
  const reader = new Reader(bytes);
  try {
    const id = reader.u16();
    const flags = reader.u16();
    const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
    if (flags & 0x40 || counts[0] > 8 || ((flags >> 11) & 15) > 6) return null;
    const message: DnsMessage = {
      id,
      response: (flags & 0x8000) !== 0,
      opcode: (flags >> 11) & 15,
      code: CODES[flags & 15] ?? `RCODE${flags & 15}`,
      cut: (flags & 0x200) !== 0,
      questions: [],
      answers: [],
      authority: counts[2],
      additional: counts[3],
    };
    for (let n = 0; n < counts[0]; n++) message.questions.push(question(reader));
    for (let n = 0; n < Math.min(counts[1], RECORDS_MAX); n++) message.answers.push(record(reader));
    return message;
  } catch (problem) {
    if (problem instanceof Cut) return null;
    throw problem;
  }
}

// "? A www.example", "= www.example A 10.0.0.1, A 10.0.0.2", "= NXDOMAIN nowhere.example".
export function dnsLine(message: DnsMessage): string {
  const asked = message.questions.map((q) => `${q.type} ${q.name}`).join(', ');
  if (!message.response) return `? ${asked || `opcode ${message.opcode}`}`;
  const answers = message.answers.map((a) => `${a.type} ${a.data}`).join(', ');
  const marks = message.cut ? ' (cut: asked again over TCP)' : '';
  if (message.code !== 'NOERROR') return visible(`= ${message.code} ${asked}${marks}`);
  return visible(`= ${asked}: ${answers || 'no answer'}${marks}`);
}
