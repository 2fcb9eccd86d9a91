// Reads HTTP/1 messages (RFC 9112) out of what is loaded of one side, to show them with the body
// unwrapped. Bounded: so many messages, so many header lines, so many bytes out of a body.

import { visibleBytes } from './bytes';

export interface HttpMessage {
  at: number; // Where the message begins, in the bytes given.
  first: string; // Request or status line.
  fields: { name: string; value: string }[];
  body: Uint8Array; // As sent, with chunks undone.
  chunked: boolean;
  encoding: string; // "gzip", "br", or empty.
  type: string;
  complete: boolean;
}

const MESSAGES_MAX = 500;
const FIELDS_MAX = 200;
const HEAD_BYTES_MAX = 64 * 1024;
const REQUEST = /^[A-Z]{3,16} \S+ HTTP\/1\.[01]$/;
const STATUS = /^HTTP\/1\.[01] (\d{3})(?: .*)?$/;

const latin1 = new TextDecoder('latin1');

function lineEnd(bytes: Uint8Array, from: number): number {
  const limit = Math.min(bytes.length, from + HEAD_BYTES_MAX);
  for (let at = from; at < limit; at++) if (bytes[at] === 0x0a) return at;
  return -1;
}

function line(bytes: Uint8Array, from: number, end: number): Uint8Array {
  return bytes.subarray(from, end > from && bytes[end - 1] === 0x0d ? end - 1 : end);
}

// The bytes of a chunked body, and where it ends (-1: not yet).
function unchunk(bytes: Uint8Array, from: number): { body: Uint8Array; end: number } {
  const parts: Uint8Array[] = [];
  let at = from;
  for (;;) {
    const end = lineEnd(bytes, at);
    if (end < 0) return { body: join(parts), end: -1 };
    const digits = /^([0-9a-fA-F]{1,8})\s*(?:;.*)?$/.exec(latin1.decode(line(bytes, at, end)));
    if (!digits) return { body: join(parts), end: -1 };
    const size = parseInt(digits[1]!, 16);
    at = end + 1;
    if (size === 0) return { body: join(parts), end: skipTrailer(bytes, at) };
    parts.push(bytes.subarray(at, Math.min(bytes.length, at + size)));
    if (bytes.length - at < size) return { body: join(parts), end: -1 };
    at += size;
    const after = lineEnd(bytes, at);
    if (after < 0 || after - at > 1) return { body: join(parts), end: -1 };
    at = after + 1;
  }
}

function skipTrailer(bytes: Uint8Array, at: number): number {
  for (let lines = 0; lines < FIELDS_MAX; lines++) {
    const end = lineEnd(bytes, at);
    if (end < 0) return -1;
    if (line(bytes, at, end).length === 0) return end + 1;
    at = end + 1;
  }
  return -1;
}

export function join(parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

interface Head {
  message: HttpMessage;
  bodyAt: number;
}

function readHead(bytes: Uint8Array, at: number): Head | null {
  let end = lineEnd(bytes, at);
  if (end < 0) return null;
  const first = latin1.decode(line(bytes, at, end));
  if (!REQUEST.test(first) && !STATUS.test(first)) return null;
  const message: HttpMessage = {
    at,
    first: visibleBytes(line(bytes, at, end)),
    fields: [],
    body: new Uint8Array(),
    chunked: false,
    encoding: '',
    type: '',
    complete: false,
  };
  for (let n = 0; n < FIELDS_MAX; n++) {
    const from = end + 1;
    end = lineEnd(bytes, from);
    if (end < 0) return { message, bodyAt: bytes.length };
    const raw = line(bytes, from, end);
    if (raw.length === 0) return { message, bodyAt: end + 1 };
    const text = visibleBytes(raw);
    const colon = text.indexOf(':');
    message.fields.push(
      colon < 0
        ? { name: text, value: '' }
        : { name: text.slice(0, colon), value: text.slice(colon + 1).trim() },
    );
  }
  return { message, bodyAt: end + 1 };
}

export function field(message: HttpMessage, name: string): string {
  return message.fields.find((f) => f.name.toLowerCase() === name)?.value ?? '';
}

// Fills in the body; returns where the next message begins, or -1 when that can't be known.
function readBody(bytes: Uint8Array, head: Head, afterHead: boolean): number {
  const { message, bodyAt } = head;
  const status = STATUS.exec(message.first)?.[1];
  message.type = field(message, 'content-type').split(';')[0]!.trim().toLowerCase();
  message.encoding = field(message, 'content-encoding').toLowerCase();
  message.chunked = /\bchunked\b/i.test(field(message, 'transfer-encoding'));
  const length = field(message, 'content-length');
  const empty = afterHead || status === '204' || status === '304' || status?.[0] === '1';
  let next = bodyAt;
  if (empty || (!status && !message.chunked && !length)) {
    message.complete = true;
  } else if (message.chunked) {
    const { body, end } = unchunk(bytes, bodyAt);
    [message.body, next, message.complete] = [body, end, end >= 0];
  } else if (/^\d{1,15}$/.test(length)) {
    const wanted = Number(length);
    message.complete = bytes.length - bodyAt >= wanted;
    message.body = bytes.subarray(bodyAt, Math.min(bytes.length, bodyAt + wanted));
    next = message.complete ? bodyAt + wanted : -1;
  } else {
    message.body = bytes.subarray(bodyAt);
    next = -1;
  }
  return next;
}

// The messages at the start of `bytes`. `heads` tells which responses answer a HEAD, which have no
// body whatever their length says; 1xx responses do not count in it.
export function readHttp(bytes: Uint8Array, heads: boolean[] = []): HttpMessage[] {
  const messages: HttpMessage[] = [];
  let at = 0;
  let answered = 0;
  while (at >= 0 && at < bytes.length && messages.length < MESSAGES_MAX) {
    const head = readHead(bytes, at);
    if (!head) break;
    messages.push(head.message);
    const status = STATUS.exec(head.message.first)?.[1];
    at = readBody(bytes, head, status !== undefined && heads[answered] === true);
    if (status && status[0] !== '1') answered += 1;
  }
  return messages;
}

const DECODED_BYTES_MAX = 2 * 1024 * 1024;

// The body with gzip or deflate undone, cut at 2 MiB; null where the browser can't.
export async function decodeBody(
  message: HttpMessage,
): Promise<{ bytes: Uint8Array; cut: boolean } | null> {
  const format = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate' }[message.encoding];
  if (!format) return null;
  const source = new Blob([message.body as BlobPart]).stream();
  const reader = source
    .pipeThrough(new DecompressionStream(format as CompressionFormat))
    .getReader();
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return { bytes: join(parts), cut: false };
      parts.push(value);
      total += value.length;
      if (total > DECODED_BYTES_MAX) {
        await reader.cancel();
        return { bytes: join(parts).subarray(0, DECODED_BYTES_MAX), cut: true };
      }
    }
  } catch {
    // A body that ends early, or is not what its header says: show as far as it went.
    return parts.length ? { bytes: join(parts), cut: true } : null;
  }
}
