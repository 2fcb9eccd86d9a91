// The list of flows: pages by key as one scrolls, and what arrives while one looks. It outlives the
// screen, so that "back" finds it as it was and a conversation can step to the next flow.

import { api, type Selection, type Sort } from './api';
import { Loader } from './load.svelte';
import type { Flow, FlowPage } from './types';

const PAGE = 200;

class FlowList {
  flows = $state.raw<Flow[]>([]);
  pending = $state.raw<Flow[]>([]); // New ones that wait until one is back at the top.
  next = $state<string | null>(null);
  asked = $state(false);
  scrollTop = 0;
  private page = new Loader<FlowPage>();
  private fresh = new Loader<FlowPage>();
  private selection: Selection = { q: '' };
  private sort: Sort = '-start';
  private key = '';

  get loading() {
    return this.page.loading;
  }

  get error() {
    return this.page.error;
  }

  // Starts anew, unless this is what is there already.
  async show(selection: Selection, sort: Sort, force = false) {
    const key = JSON.stringify([selection, sort]);
    if (key === this.key && !force) return;
    [this.key, this.selection, this.sort] = [key, selection, sort];
    this.scrollTop = 0;
    this.fresh.stop();
    const first = await this.page.run((signal) =>
      api.flows(selection, { sort, limit: PAGE }, signal),
    );
    if (!first) return;
    [this.flows, this.next, this.pending, this.asked] = [first.flows, first.next, [], true];
  }

  async more() {
    const after = this.next;
    if (after === null || this.page.loading || this.page.error) return;
    const page = await this.page.run((signal) =>
      api.flows(this.selection, { sort: this.sort, limit: PAGE, after }, signal),
    );
    if (!page || this.next !== after) return;
    this.flows = [...this.flows, ...page.flows];
    this.next = page.next;
  }

  retry() {
    this.page.error = null;
    if (this.asked) void this.more();
    else void this.show(this.selection, this.sort, true);
  }

  // Flows that have grown are replaced where they stand.
  update(grown: Flow[]) {
    const byId = new Map(grown.map((flow) => [flow.id, flow]));
    if (!this.flows.some((flow) => byId.has(flow.id))) return;
    this.flows = this.flows.map((flow) => byId.get(flow.id) ?? flow);
  }

  // Asks for the first page again, so that the server applies the query, and takes what is new of
  // it.
  async refresh(atTop: boolean) {
    if (this.page.loading || this.fresh.loading || !this.asked) return;
    const key = this.key;
    const page = await this.fresh.run((signal) =>
      api.flows(this.selection, { sort: this.sort, limit: PAGE }, signal),
    );
    if (!page || key !== this.key) return;
    if (this.sort !== '-start') {
      if (atTop) [this.flows, this.next] = [page.flows, page.next];
      return;
    }
    const known = new Set(this.flows.map((flow) => flow.id));
    const added = page.flows.filter((flow) => !known.has(flow.id));
    this.update(page.flows);
    if (added.length === page.flows.length && page.next !== null) {
      // More are new than fit a page: what is there no longer follows on, so it is asked for anew.
      if (atTop) [this.flows, this.next, this.pending] = [page.flows, page.next, []];
      else this.pending = added;
      return;
    }
    this.pending = added;
    if (atTop) this.takePending();
  }

  takePending() {
    if (!this.pending.length) return;
    if (this.pending.length >= PAGE) return void this.show(this.selection, this.sort, true);
    // An id begins with the time: its order is that of the list.
    this.flows = [...this.pending, ...this.flows].sort((a, b) => (a.id < b.id ? 1 : -1));
    this.pending = [];
  }

  indexOf(id: string): number {
    return id ? this.flows.findIndex((flow) => flow.id === id) : -1;
  }

  // The flow `by` rows away from one, if it is loaded.
  beside(id: string, by: number): Flow | undefined {
    const at = this.indexOf(id);
    return at < 0 ? this.flows[0] : this.flows[at + by];
  }
}

export const list = new FlowList();
