// Numbers and times as the page shows them. Times are nanoseconds since 1970 as bigint, because a
// double does not hold them; they come as RFC 3339 text and are shown in UTC.

const STEPS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

// Three digits, thousands are decimal, as on the command line: "520 B", "1.29 kB", "133 kB".
export function bytes(n: number): string {
  return scaled(n, STEPS);
}

export function rate(n: number, unit: string): string {
  return scaled(n, [unit, 'k' + unit, 'M' + unit, 'G' + unit, 'T' + unit]);
}

function scaled(n: number, steps: string[]): string {
  let step = 0;
  while (n >= 999.5 && step < steps.length - 1) {
    n /= 1000;
    step++;
  }
  const digits = step === 0 || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2;
  return `${n.toFixed(digits)} ${steps[step]}`;
}

const GROUPED = new Intl.NumberFormat('en-US');

export function count(n: number): string {
  return GROUPED.format(n);
}

// "1.2k", for places as narrow as a facet.
export function short(n: number): string {
  if (n < 10_000) return GROUPED.format(n);
  return scaled(n, ['', 'k', 'M', 'G']).replace(' ', '');
}

export function plural(n: number, one: string, many = one + 's'): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

// Nanoseconds since 1970 of "2026-11-23T01:59:03.137562646Z"; 0 for what is no time.
export function parseTime(text: string): bigint {
  const match = STAMP.exec(text);
  if (!match) return 0n;
  const seconds = Date.parse(match[1] + 'Z') / 1000;
  if (!Number.isFinite(seconds)) return 0n;
  return BigInt(seconds) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

export function toIso(ns: bigint): string {
  const [seconds, rest] = split(ns);
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${rest.toString().padStart(9, '0')}Z`;
}

function split(ns: bigint): [number, bigint] {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return [Number((ns - rest) / 1_000_000_000n), rest];
}

// "01:59:03.137" of RFC 3339 text, cut and not rounded, so that order is kept.
export function clock(iso: string, digits = 3): string {
  const fraction = digits === 0 ? '' : '.' + iso.slice(20, -1).padEnd(9, '0').slice(0, digits);
  return iso.slice(11, 19) + fraction;
}

export function day(iso: string): string {
  return iso.slice(0, 10);
}

export function dateClock(iso: string, digits = 3): string {
  return `${day(iso)} ${clock(iso, digits)}`;
}

// "85 µs", "1.20 ms", "3.41 s", "2 min 05 s", "3 h 12 min", "4 d 3 h".
export function duration(ns: bigint | number): string {
  const value = Number(ns);
  if (value < 0) return '-' + duration(-value);
  if (value === 0) return '0 s';
  if (value < 999.5) return `${value.toFixed(0)} ns`;
  if (value < 999.5e3) return `${digits3(value / 1e3)} µs`;
  if (value < 999.5e6) return `${digits3(value / 1e6)} ms`;
  if (value < 59.95e9) return `${digits3(value / 1e9)} s`;
  const seconds = Math.round(value / 1e9);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function digits3(n: number): string {
  return n >= 99.95 ? n.toFixed(0) : n >= 9.995 ? n.toFixed(1) : n.toFixed(2);
}

function pad(n: number): string {
  return n.toString().padStart(2, '0');
}

export function milliseconds(ms: number | null | undefined): string {
  return ms == null ? '' : duration(ms * 1e6);
}

// "10.1.0.2:80", "[fd00::2]:80", and the bare address of a protocol without ports.
export function endpoint(address: string, port: number): string {
  if (port === 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

// Labels of a time axis on one line: as fine as the steps are.
export function timeLabels(seconds: number[], step: number): string[] {
  return seconds.map((at) => {
    const iso = new Date(at * 1000).toISOString();
    if (step >= 86_400) return iso.slice(0, 10);
    if (step >= 60) return at % 86_400 === 0 ? iso.slice(5, 10) : iso.slice(11, 16);
    return step >= 1 ? iso.slice(11, 19) : iso.slice(11, 23);
  });
}

interface Ends {
  proto: string;
  client: string;
  client_port: number;
  server: string;
  server_port: number;
}

// ICMP has the identifier of an echo where others have ports; that is no part of an address.
export function clientEnd(flow: Ends): string {
  return endpoint(flow.client, flow.proto.startsWith('icmp') ? 0 : flow.client_port);
}

export function serverEnd(flow: Ends): string {
  return endpoint(flow.server, flow.proto.startsWith('icmp') ? 0 : flow.server_port);
}
