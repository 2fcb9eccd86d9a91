// The life of an answer: asked for, there, or failed. A newer question replaces an older one, whose
// answer is then thrown away; what is on screen stays until its successor is there.

import { ApiError } from './api';

export class Loader<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(false);
  private abort: AbortController | null = null;

  async run(ask: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    this.loading = true;
    try {
      const value = await ask(abort.signal);
      if (abort.signal.aborted) return null;
      this.value = value;
      this.error = null;
      return value;
    } catch (problem) {
      if (abort.signal.aborted) return null;
      this.error = problem instanceof ApiError ? problem : new ApiError(String(problem), 0);
      return null;
    } finally {
      if (this.abort === abort) this.loading = false;
    }
  }

  stop() {
    this.abort?.abort();
    this.loading = false;
  }
}
