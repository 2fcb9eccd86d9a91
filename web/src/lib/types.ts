// Answers of the API; src/web/openapi.json has the words for each field.

export type Side = 'client' | 'server';

export interface Flow {
  id: string;
  proto: string;
  client: string;
  client_port: number;
  server: string;
  server_port: number;
  start: string;
  end: string;
  start_ns: string;
  duration_ns: number;
  open: boolean;
  client_packets: number;
  server_packets: number;
  client_bytes: number;
  server_bytes: number;
  client_gaps: number;
  server_gaps: number;
  state: string;
  community_id: string;
  sensor: string;
  flags: string;
  vlan: number;
  tunnel: string;
  tunnel_id: number;
  icmp_type: number;
  icmp_code: number;
}

export interface FlowPage {
  flows: Flow[];
  next: string | null;
}

export interface SideCounts {
  packets: number;
  ip_bytes: number;
  content_bytes: number;
  gap_bytes: number;
  duplicate_bytes: number;
  conflict_bytes: number;
  refused_bytes: number;
  urgent_bytes: number;
  shed_bytes: number;
}

export interface FlowDetail {
  flow: Flow;
  client: SideCounts;
  server: SideCounts;
  chunks: number;
  errors: IcmpMessage[];
}

export type Kind = 'data' | 'gap' | 'datagram' | 'conflict' | 'urgent';

export interface Turn {
  cursor: string;
  side: Side;
  kind: Kind;
  time: string;
  dt_ns: number;
  offset: number;
  length: number;
  continues: boolean;
  bytes: string;
}

export interface TurnWindow {
  flow: string;
  turns: Turn[];
  next: string;
  end: boolean;
}

export interface Histogram {
  from: string;
  to: string;
  bucket_ns: number;
  times_ms: number[];
  series: { proto: string; flows: number[]; packets: number[]; bytes: number[] }[];
  flows: number;
}

export interface FacetValue {
  value: string;
  term: string;
  flows: number;
  bytes: number;
}

export interface Facet {
  field: string;
  values: FacetValue[];
  others: number;
}

export interface Facets {
  considered: number;
  complete: boolean;
  facets: Facet[];
}

export interface IcmpMessage {
  flow: string;
  n: number;
  time: string;
  source: string;
  destination: string;
  proto: string;
  side: Side;
  type: number;
  type_name: string;
  code: number;
  code_name: string | null;
  ident: number | null;
  seq: number | null;
  rtt_ns: number | null;
  bytes: number;
  pairing: string | null;
  request_n: number | null;
  payload_equal: boolean | null;
  quoted: string | null;
  quoted_flow: string | null;
  details: string | null;
}

export interface IcmpMessages {
  messages: IcmpMessage[];
  more: boolean;
}

export interface Ping {
  flow: string;
  start: string;
  end: string;
  proto: string;
  type: number;
  type_name: string;
  client: string;
  server: string;
  ident: number;
  requests: number;
  replies: number;
  lost: number;
  loss_percent: number | null;
  late: number;
  duplicates: number;
  strays: number;
  differing: number;
  errors: number;
  rtt_min_ns: number | null;
  rtt_avg_ns: number | null;
  rtt_max_ns: number | null;
}

export interface Pings {
  pings: Ping[];
  more: boolean;
}

export interface Talkers {
  considered: number;
  complete: boolean;
  hosts: {
    address: string;
    flows: number;
    sent_bytes: number;
    received_bytes: number;
    packets: number;
  }[];
  ports: { proto: string; port: number; flows: number; bytes: number; packets: number }[];
  conversations: {
    client: string;
    server: string;
    flows: number;
    client_bytes: number;
    server_bytes: number;
    packets: number;
  }[];
}

export interface Outcome {
  outcome: string;
  packets: number;
  bytes: number;
}

// What a capture said of itself last; figures by their names at /metrics, with labels.
export interface Status {
  time: string;
  fresh: boolean;
  figures: Record<string, number>;
}

export interface Sensor {
  name: string;
  status: Status | null;
  first: string | null;
  last: string | null;
  captured: Outcome;
  delivered: Outcome;
  outcomes: Outcome[];
  refused: Outcome[];
  dropped: Outcome[];
  balanced: boolean;
  balance: { what: string; have: number; want: number; ok: boolean }[];
  minutes: {
    time: string;
    captured_packets: number;
    captured_bytes: number;
    delivered_packets: number;
    refused_packets: number;
    dropped_packets: number;
  }[];
}

export interface Usage {
  bytes: number;
  bytes_a_day: number;
  free_bytes: number | null;
  keep_days: number | null;
  keep_bytes: number | null;
  kept_from: string | null;
  days_left: number | null;
}

export interface Sensors {
  sensors: Sensor[];
  store: Usage;
}

export interface Completion {
  from: number;
  to: number;
  items: { text: string; kind: 'field' | 'value'; hint: string; flows: number | null }[];
}

export interface Parsed {
  ok: boolean;
  error?: string;
  column?: number;
}

export interface About {
  version: string;
  store: string;
  now: string;
  user: string | null;
  role: 'viewer' | 'analyst';
  import: boolean;
  import_bytes_max: number;
  import_token: string | null;
}

export interface Import {
  id: number;
  name: string;
  user: string | null;
  state: 'receiving' | 'waiting' | 'reading' | 'done' | 'failed';
  started: string;
  bytes: number | null;
  received_bytes: number;
  read_bytes: number;
  packets: number;
  summary: string | null;
  error: string | null;
}

export interface Imports {
  imports: Import[];
}
