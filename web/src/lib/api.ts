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
  let response: Response;
  try {
    response = await fetch(address(path, params), { signal, credentials: 'same-origin' });
  } catch (problem) {
    if (signal?.aborted) throw problem;
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
};

export function contentAddress(id: string, side: 'client' | 'server'): string {
  return address(`/flows/${id}/content`, { side });
}

export function exportAddress(id: string, format: 'text' | 'json' | 'pcapng'): string {
  return address(`/flows/${id}/export`, { format });
}

// XMLHttpRequest, because fetch does not tell how much of a body is sent.
export function importCapture(
  file: Blob,
  token: string,
  progress: (share: number) => void,
): { done: Promise<string>; stop: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise<string>((resolve, reject) => {
    request.upload.onprogress = (event) =>
      progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onerror = () => reject(new ApiError('The upload was cut off.', 0));
    request.onabort = () => reject(new ApiError('Stopped. What was read so far is stored.', 0));
    request.onload = () => {
      read<{ summary: string }>(
        new Response(request.responseText, { status: request.status }),
      ).then((answer) => resolve(answer.summary), reject);
    };
    request.open('POST', BASE + '/import');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.send(file);
  });
  return { done, stop: () => request.abort() };
}
