// Who looks, and what this server lets them do.

import { api } from './api';
import type { About } from './types';

class Me {
  about = $state.raw<About | null>(null);
  // The server has told, or could not be asked.
  isKnown = $state(false);
  // What flows carried, not only that they were.
  readonly mayRead = $derived(this.about?.role !== 'viewer');

  async ask() {
    try {
      this.about = await api.about();
    } catch {
      this.about = null;
    }
    this.isKnown = true;
  }
}

export const me = new Me();
