// The time window of the address. What a screen shows when the address has none is its extent, so
// that a first zoom or shift has something to begin with.

import { dateClock, clock, day, toIso } from './format';
import { route } from './route.svelte';

class Extent {
  from = $state(0n);
  to = $state(0n);
}

export const extent = new Extent();

function now(): [bigint, bigint] {
  const { from, to } = route.now;
  return [from ? BigInt(from) : extent.from, to ? BigInt(to) : extent.to];
}

export function setWindow(from: bigint, to: bigint) {
  route.go({ from: from > 0n ? from.toString() : '', to: to > 0n ? to.toString() : '' });
}

export function clearWindow() {
  route.go({ from: '', to: '' });
}

// By half of its width, so that half of what was seen stays.
export function shiftWindow(by: 1 | -1) {
  const [from, to] = now();
  const step = ((to - from) / 2n) * BigInt(by);
  if (to > from) setWindow(from + step, to + step);
}

export function zoomWindow(factor: 2 | 0.5) {
  const [from, to] = now();
  if (to <= from) return;
  const middle = (from + to) / 2n;
  const half = factor === 2 ? to - from : (to - from) / 4n;
  setWindow(middle - half, middle + (half || 1n));
}

export function windowText(from: string, to: string): string {
  const first = from ? toIso(BigInt(from)) : '';
  const last = to ? toIso(BigInt(to)) : '';
  if (first && last) {
    return day(first) === day(last)
      ? `${dateClock(first)} \u2013 ${clock(last)}`
      : `${dateClock(first, 0)} \u2013 ${dateClock(last, 0)}`;
  }
  return first ? `since ${dateClock(first, 0)}` : last ? `before ${dateClock(last, 0)}` : '';
}
