// The JSON API under /api/v1, as src/web/openapi.json describes it. Every answer is either its type
// or an ApiError with words that can be shown.

import type {
  About,
  Completion,
  Facets,
  FlowDetail,
  FlowPage,
  Histogram,
  IcmpMessages,
  Import,
  Imports,
  Parsed,
  Pings,
  Sensors,
  Talkers,
  TurnWindow,
} from './types';

export const BASE = '/api/v1';

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly column?: number,
  ) {
    super(message);
  }
}

export type Params = Record<string, string | number | undefined>;

export function address(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return BASE + path + (text ? '?' + text : '');
}

async function get<T>(path: string, params: Params, signal?: AbortSignal): Promise<T> {
  return ask<T>(address(path, params), { signal });
}

async function ask<T>(target: string, how: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(target, { ...how, credentials: 'same-origin' });
  } catch (problem) {
    if (how.signal?.aborted) throw problem;
    throw new ApiError('dfc serve does not answer. Is it still running?', 0);
  }
  return read<T>(response);
}

async function read<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && body !== null) return body as T;
  const { error, column } = (body ?? {}) as { error?: string; column?: number };
  throw new ApiError(error ?? `The server answered ${response.status}.`, response.status, column);
}

export interface Selection {
  q: string;
  from?: string;
  to?: string;
}

export type Sort =
  '-start' | 'start' | '-bytes' | 'bytes' | '-packets' | 'packets' | '-duration' | 'duration';

export const api = {
  about: (signal?: AbortSignal) => get<About>('/about', {}, signal),
  flows: (
    s: Selection,
    page: { sort?: Sort; limit?: number; after?: string },
    signal?: AbortSignal,
  ) => get<FlowPage>('/flows', { ...s, ...page }, signal),
  histogram: (s: Selection, buckets: number, signal?: AbortSignal) =>
    get<Histogram>('/flows/histogram', { ...s, buckets }, signal),
  facets: (s: Selection, signal?: AbortSignal) => get<Facets>('/flows/facets', { ...s }, signal),
  flow: (id: string, signal?: AbortSignal) => get<FlowDetail>(`/flows/${id}`, {}, signal),
  turns: (
    id: string,
    window: { after?: string; limit?: number; side?: string },
    signal?: AbortSignal,
  ) => get<TurnWindow>(`/flows/${id}/turns`, window, signal),
  icmp: (s: Selection, more: { sort?: string; limit?: number }, signal?: AbortSignal) =>
    get<IcmpMessages>('/icmp/messages', { ...s, ...more }, signal),
  pings: (s: Selection, limit: number, signal?: AbortSignal) =>
    get<Pings>('/icmp/pings', { ...s, limit }, signal),
  talkers: (s: Selection, by: string, signal?: AbortSignal) =>
    get<Talkers>('/talkers', { ...s, by }, signal),
  sensors: (range: { from?: string; to?: string }, signal?: AbortSignal) =>
    get<Sensors>('/sensors', range, signal),
  complete: (q: string, at: number, signal?: AbortSignal) =>
    get<Completion>('/complete', { q, at }, signal),
  parse: (q: string, signal?: AbortSignal) => get<Parsed>('/parse', { q }, signal),
  imports: (signal?: AbortSignal) => get<Imports>('/imports', {}, signal),
  import: (id: number, signal?: AbortSignal) => get<Import>(`/imports/${id}`, {}, signal),
  stopImport: (id: number, token: string) =>
    ask<Import>(address(`/imports/${id}`), {
      method: 'DELETE',
      headers: { 'X-Dfc-Token': token },
    }),
};

export function contentAddress(id: string, side: 'client' | 'server'): string {
  return address(`/flows/${id}/content`, { side });
}

export function exportAddress(id: string, format: 'text' | 'json' | 'pcapng'): string {
  return address(`/flows/${id}/export`, { format });
}

// XMLHttpRequest, because fetch does not tell how much of a body is sent. Done when all of it has
// come; the server reads it then.
export function sendCapture(
  file: File,
  token: string,
  progress: (share: number) => void,
): { done: Promise<Import>; stop: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise<Import>((resolve, reject) => {
    request.upload.onprogress = (event) =>
      progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onerror = () => reject(new ApiError('It was cut off while it was sent.', 0));
    request.onabort = () => reject(new ApiError('Stopped. Nothing of it is stored.', 0));
    request.onload = () => {
      read<Import>(new Response(request.responseText, { status: request.status })).then(
        resolve,
        reject,
      );
    };
    request.open('POST', address('/imports', { name: file.name }));
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('X-Dfc-Token', token);
    request.send(file);
  });
  return { done, stop: () => request.abort() };
}
