import { describe, expect, test } from 'vitest';
import { dnsLine, readDns } from '../src/lib/dns';
import { decodeBody, readHttp } from '../src/lib/http1';
import { readTlsHello } from '../src/lib/tls';

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const hex = (digits: string) =>
  Uint8Array.from(digits.replace(/\s/g, '').match(/../g)!, (pair) => parseInt(pair, 16));
// Every shorter input, and every input with one byte changed: must come to an end, whatever it
// says.
function hostile(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown) {
  for (let end = 0; end < bytes.length; end++) read(bytes.slice(0, end));
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[at]! ^= flip;
      read(changed);
    }
  }
}

describe('DNS', () => {
  const name = '03777777 076578616d706c65 00';
  const question = hex(`1234 0100 0001 0000 0000 0000 ${name} 0001 0001`);
  const answer = hex(`1234 8180 0001 0002 0000 0000 ${name} 0001 0001
    c00c 0001 0001 0000003c 0004 0a020002  c00c 001c 0001 0000003c 0010 fd000002000000000000000000000002`);

  test('a question', () => expect(dnsLine(readDns(question)!)).toBe('? A www.example'));
  test('an answer with a compressed name', () =>
    expect(dnsLine(readDns(answer)!)).toBe('= A www.example: A 10.2.0.2, AAAA fd00:2::2'));
  test('a name that does not exist', () => {
    const nowhere = question.slice();
    nowhere.set([0x81, 0x83], 2);
    expect(dnsLine(readDns(nowhere)!)).toBe('= NXDOMAIN A www.example');
  });
  test('a pointer to itself is no message', () =>
    expect(readDns(hex('1234 0100 0001 0000 0000 0000 c00c 0001 0001'))).toBeNull());
  test('a name of other bytes is shown safely', () =>
    expect(
      readDns(hex('1234 0100 0001 0000 0000 0000 021b3c00 0001 0001'))!.questions[0]!.name,
    ).toBe('^[<'));
  test('ends for hostile input', () => hostile(answer, readDns));
});

describe('HTTP', () => {
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  const read = (wire: string, heads?: boolean[]) =>
    readHttp(utf8(wire), heads).map((m) => `${m.first}|${text(m.body)}${m.complete ? '' : '…'}`);

  test('requests follow each other', () =>
    expect(read(get + get)).toEqual(['GET / HTTP/1.1|', 'GET / HTTP/1.1|']));
  test('a body of a length', () =>
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No\r\n\r\n')).toEqual([
      'HTTP/1.1 200 OK|abc',
      'HTTP/1.1 204 No|',
    ]));
  test('chunks are joined', () =>
    expect(
      read(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: r\r\n\r\n',
      ),
    ).toEqual(['HTTP/1.1 200 OK|abcde']));
  test('a body that breaks off says so', () =>
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')).toEqual([
      'HTTP/1.1 200 OK|abc…',
    ]));
  test('the answer to HEAD has no body', () =>
    expect(
      read('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 304 Not\r\n\r\n', [true, false]),
    ).toEqual(['HTTP/1.1 200 OK|', 'HTTP/1.1 304 Not|']));
  test('100 Continue is not the answer', () =>
    expect(
      read('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na', [false]),
    ).toEqual(['HTTP/1.1 100 Continue|', 'HTTP/1.1 200 OK|a']));
  test('what is no HTTP is none', () => expect(read('SSH-2.0-x\r\n')).toEqual([]));
  test('a chunk larger than there is ends it', () =>
    expect(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nabc')).toEqual([
      'HTTP/1.1 200 OK|abc…',
    ]));
  test('gzip is undone', async () => {
    const packed = new Blob(['hello']).stream().pipeThrough(new CompressionStream('gzip'));
    const body = new Uint8Array(await new Response(packed).arrayBuffer());
    const [message] = readHttp(
      utf8(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`),
    );
    expect(text((await decodeBody({ ...message!, body }))!.bytes)).toBe('hello');
  });
  test('a bomb is cut', async () => {
    const packed = new Blob([new Uint8Array(16_000_000)])
      .stream()
      .pipeThrough(new CompressionStream('gzip'));
    const body = new Uint8Array(await new Response(packed).arrayBuffer());
    const [message] = readHttp(utf8('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n'));
    const decoded = (await decodeBody({ ...message!, body }))!;
    expect([decoded.bytes.length, decoded.cut]).toEqual([2 * 1024 * 1024, true]);
  });
  test('ends for hostile input', () =>
    hostile(
      utf8('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'),
      (bytes) => readHttp(bytes),
    ));
});

describe('TLS', () => {
  const hello = () => {
    const name = utf8('a.example');
    const u16 = (n: number) => [n >> 8, n & 255];
    const sni = [0, ...u16(name.length), ...name];
    const alpn = [2, ...utf8('h2')];
    const extensions = [
      ...u16(0),
      ...u16(sni.length + 2),
      ...u16(sni.length),
      ...sni,
      ...u16(16),
      ...u16(alpn.length + 2),
      ...u16(alpn.length),
      ...alpn,
      ...u16(43),
      ...u16(5),
      4,
      0x0a,
      0x0a,
      3,
      4,
    ];
    const body = [
      3,
      3,
      ...Array<number>(32).fill(7),
      0,
      ...u16(4),
      0x13,
      1,
      0x13,
      2,
      1,
      0,
      ...u16(extensions.length),
      ...extensions,
    ];
    return Uint8Array.from([22, 3, 1, ...u16(body.length + 4), 1, 0, ...u16(body.length), ...body]);
  };
  test('the names in a hello', () =>
    expect(readTlsHello(hello())).toEqual({
      serverName: 'a.example',
      protocols: ['h2'],
      version: 'TLS 1.3',
      ciphers: 2,
    }));
  test('anything else is none', () =>
    expect(readTlsHello(utf8('GET / HTTP/1.1\r\n\r\n'))).toBeNull());
  test('ends for hostile input', () => hostile(hello(), readTlsHello));
});
