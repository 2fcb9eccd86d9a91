// What the server tells by itself (server-sent events): flows that are new or have grown, and turns
// of the flow that is open. One connection for the page; the browser makes it anew when it breaks.

import { BASE } from './api';
import type { Flow, Import } from './types';

export interface GrownFlow {
  flow: string;
  state: string;
  packets: number;
  chunks: number;
  client_bytes: number;
  server_bytes: number;
}

export interface LiveEvents {
  flows: { flows: Flow[]; more: boolean };
  turns: GrownFlow;
  changed: object;
  store: { ok: boolean; error?: string };
  import: Import;
  // Of this page's own: connected (again), so something may have been missed.
  opened: object;
}

type Name = keyof LiveEvents;
type Listener = (data: never) => void;

// The server tells what changes from its next look at the store on, about a second later.
const FIRST_LOOK_MS = 1500;

class Live {
  on = $state(true);
  connected = $state(false);
  storeError = $state('');
  private source: EventSource | null = null;
  private flow = '';
  private listeners = new Map<Name, Set<Listener>>();

  // A browser has six connections to a server, for all its tabs together: one that is not looked
  // at, or was left, gives its own back, and asks for what it missed when one comes back to it.
  start() {
    this.open();
    const seen = () => this.open();
    document.addEventListener('visibilitychange', seen);
    addEventListener('pageshow', (event) => event.persisted && seen());
    addEventListener('pagehide', () => this.source?.close());
    this.listen(
      'store',
      (data) => (this.storeError = data.ok ? '' : (data.error ?? 'The store is away.')),
    );
  }

  toggle() {
    this.on = !this.on;
    this.open();
  }

  // Which flow's growth is of interest; empty for none.
  watch(flow: string) {
    if (flow === this.flow) return;
    this.flow = flow;
    this.open();
  }

  listen<N extends Name>(name: N, listener: (data: LiveEvents[N]) => void): () => void {
    const set = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, set.add(listener as Listener));
    return () => set.delete(listener as Listener);
  }

  private open() {
    this.source?.close();
    this.source = null;
    this.connected = false;
    if (!this.on || document.visibilityState !== 'visible') return;
    const source = new EventSource(`${BASE}/events${this.flow ? `?flow=${this.flow}` : ''}`);
    source.onopen = () => {
      this.connected = true;
      setTimeout(() => this.source === source && this.tell('opened', '{}'), FIRST_LOOK_MS);
    };
    source.onerror = () => {
      this.connected = false;
      // Refused with an error status: the browser gives up, so try again from here.
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(() => this.source === source && this.open(), 5000);
      }
    };
    for (const name of ['flows', 'turns', 'changed', 'store', 'import'] as const) {
      source.addEventListener(name, (event) =>
        this.tell(name, (event as MessageEvent<string>).data),
      );
    }
    this.source = source;
  }

  private tell(name: Name, text: string) {
    const data = JSON.parse(text) as never;
    for (const listener of this.listeners.get(name) ?? []) listener(data);
  }
}

export const live = new Live();
