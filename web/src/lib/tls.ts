// The names in the first message of a TLS connection (RFC 8446, section 4.1.2): what the client
// says in the clear before anything is encrypted. Bounded by the record; null for anything else.

import { visibleBytes } from './bytes';

export interface TlsHello {
  serverName: string;
  protocols: string[];
  version: string;
  ciphers: number;
}

const VERSIONS: Record<number, string> = {
  0x0300: 'SSL 3.0',
  0x0301: 'TLS 1.0',
  0x0302: 'TLS 1.1',
  0x0303: 'TLS 1.2',
  0x0304: 'TLS 1.3',
};

class Span {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}
  get left(): number {
    return this.bytes.length - this.at;
  }
  number(size: number): number {
    if (this.left < size) throw new RangeError();
    let value = 0;
    for (let n = 0; n < size; n++) value = value * 256 + this.bytes[this.at++]!;
    return value;
  }
  // A vector with its length, of `size` bytes, in front.
  vector(size: number): Span {
    const length = this.number(size);
    if (this.left < length) throw new RangeError();
    this.at += length;
    return new Span(this.bytes.subarray(this.at - length, this.at));
  }
}

function readExtensions(extensions: Span, hello: TlsHello) {
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type === 0) {
      const names = body.vector(2);
      if (names.number(1) === 0) hello.serverName = visibleBytes(names.vector(2).bytes);
    } else if (type === 16) {
      const list = body.vector(2);
      while (list.left > 0) hello.protocols.push(visibleBytes(list.vector(1).bytes));
    } else if (type === 43) {
      const list = body.vector(1);
      let best = 0;
      while (list.left > 1) {
        const version = list.number(2);
        if (VERSIONS[version]) best = Math.max(best, version);
      }
      hello.version = VERSIONS[best] ?? hello.version;
    }
  }
}

export function readTlsHello(bytes: Uint8Array): TlsHello | null {
  try {
    const record = new Span(bytes);
    if (record.number(1) !== 22 || record.number(1) !== 3) return null;
    record.number(1);
    const body = record.vector(2);
    if (body.number(1) !== 1) return null;
    const message = body.vector(3);
    const version = message.number(2);
    message.at += 32;
    message.vector(1);
    const hello: TlsHello = {
      serverName: '',
      protocols: [],
      version: VERSIONS[version] ?? `version ${version.toString(16)}`,
      ciphers: message.vector(2).left / 2,
    };
    message.vector(1);
    if (message.left > 0) readExtensions(message.vector(2), hello);
    return hello;
  } catch (problem) {
    if (problem instanceof RangeError) return null;
    throw problem;
  }
}
