-- The tables of a SQLite store, first version. Never edited after a release: add 0002_*.sql.
--
-- Times are nanoseconds since 1970-01-01 UTC. Addresses are 16 bytes, IPv4 mapped into IPv6. A
-- flow_hash is 64 bits, kept here as SQLite's signed integer. Every key begins with time, so that
-- inserts append.

CREATE TABLE sensor (
  sensor_id INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE
);

-- One connection, UDP conversation or ICMP exchange. "bytes" is restored content; "gap_bytes" are
-- known to be missing from it.
CREATE TABLE flow (
  t_start                INTEGER NOT NULL,
  flow_hash              INTEGER NOT NULL,
  sensor_id              INTEGER NOT NULL,
  t_last                 INTEGER NOT NULL,
  protocol               INTEGER NOT NULL,
  client                 BLOB NOT NULL,
  client_port            INTEGER NOT NULL,
  server                 BLOB NOT NULL,
  server_port            INTEGER NOT NULL,
  state                  INTEGER NOT NULL,
  flags                  INTEGER NOT NULL,
  vlan                   INTEGER NOT NULL,
  icmp_type              INTEGER NOT NULL,
  icmp_code              INTEGER NOT NULL,
  community_id           TEXT NOT NULL,
  client_packets         INTEGER NOT NULL,
  client_ip_bytes        INTEGER NOT NULL,
  client_bytes           INTEGER NOT NULL,
  client_gap_bytes       INTEGER NOT NULL,
  client_duplicate_bytes INTEGER NOT NULL,
  client_conflict_bytes  INTEGER NOT NULL,
  client_refused_bytes   INTEGER NOT NULL,
  client_urgent_bytes    INTEGER NOT NULL,
  client_shed_bytes      INTEGER NOT NULL,
  server_packets         INTEGER NOT NULL,
  server_ip_bytes        INTEGER NOT NULL,
  server_bytes           INTEGER NOT NULL,
  server_gap_bytes       INTEGER NOT NULL,
  server_duplicate_bytes INTEGER NOT NULL,
  server_conflict_bytes  INTEGER NOT NULL,
  server_refused_bytes   INTEGER NOT NULL,
  server_urgent_bytes    INTEGER NOT NULL,
  server_shed_bytes      INTEGER NOT NULL,
  PRIMARY KEY (t_start, flow_hash)
) WITHOUT ROWID;

-- Its secondary indexes are made when the first run has ended: see src/store/sqlite_store.cc.

-- Up to 65,000 bytes of restored content, both directions in order of arrival. "turns" is a JSON
-- array of [side, dt_ns, offset, length, kind, position]: side 0 client, 1 server; dt_ns since
-- t_start; offset in the side's stream; kind 0 data, 1 gap, 2 datagram, 3 conflict, 4 urgent; position of
-- its bytes in "content" (a gap has none). "version" is how many packets of the flow had been seen
-- when the chunk last grew: the larger one stays. A rowid table, because its rows are large.
CREATE TABLE chunk (
  t_start   INTEGER NOT NULL,
  flow_hash INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  t_first   INTEGER NOT NULL,
  turns     TEXT NOT NULL,
  content   BLOB NOT NULL,
  PRIMARY KEY (t_start, flow_hash, n)
);

-- One ICMP or ICMPv6 message. rtt is NULL while not known; quoted_* when nothing is quoted. The
-- quoted flow is (about_t_start, about_flow_hash) when quote_found is 1.
CREATE TABLE icmp (
  t_start                 INTEGER NOT NULL,
  flow_hash               INTEGER NOT NULL,
  n                       INTEGER NOT NULL,
  t                       INTEGER NOT NULL,
  side                    INTEGER NOT NULL,
  type                    INTEGER NOT NULL,
  code                    INTEGER NOT NULL,
  ident                   INTEGER NOT NULL,
  seq                     INTEGER NOT NULL,
  rest                    INTEGER NOT NULL,
  payload_bytes           INTEGER NOT NULL,
  rtt                     INTEGER,
  quoted_protocol         INTEGER,
  quoted_source           BLOB,
  quoted_source_port      INTEGER,
  quoted_destination      BLOB,
  quoted_destination_port INTEGER,
  about_t_start           INTEGER NOT NULL,
  about_flow_hash         INTEGER NOT NULL,
  quote_found             INTEGER NOT NULL,
  PRIMARY KEY (t_start, flow_hash, n)
) WITHOUT ROWID;

-- Frames and their bytes on the wire by what they came to, a sensor, input and minute.
CREATE TABLE ledger (
  t_minute  INTEGER NOT NULL,
  sensor_id INTEGER NOT NULL,
  source    INTEGER NOT NULL,
  outcome   TEXT NOT NULL,
  packets   INTEGER NOT NULL,
  bytes     INTEGER NOT NULL,
  PRIMARY KEY (t_minute, sensor_id, source, outcome)
) WITHOUT ROWID;

-- Markers of committed event blocks of runs that go on.
CREATE TABLE batch (
  sensor_id INTEGER NOT NULL,
  epoch     INTEGER NOT NULL,
  sequence  INTEGER NOT NULL,
  PRIMARY KEY (sensor_id, epoch, sequence)
) WITHOUT ROWID;

-- The views have the same columns and text in every kind of store. IPv6 addresses are written in
-- full, eight groups of four digits, so that LIKE 'fd00:%' selects a prefix. To find a flow by
-- its key name t_start in the WHERE: it is the first half of id, and id itself has no index.

CREATE VIEW v_flow AS
SELECT
  printf('%016x%016x', f.t_start, f.flow_hash) AS id,
  f.t_start, f.t_last, sensor.name AS sensor,
  strftime('%Y-%m-%d %H:%M:%S',
      (f.t_start - ((f.t_start % 1000000000) + 1000000000) % 1000000000) / 1000000000,
      'unixepoch') || printf('.%09d', ((f.t_start % 1000000000) + 1000000000) % 1000000000)
    AS start_time,
  strftime('%Y-%m-%d %H:%M:%S',
      (f.t_last - ((f.t_last % 1000000000) + 1000000000) % 1000000000) / 1000000000,
      'unixepoch') || printf('.%09d', ((f.t_last % 1000000000) + 1000000000) % 1000000000)
    AS end_time,
  CASE f.protocol
    WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'icmp6'
    ELSE CAST(f.protocol AS TEXT) END AS protocol,
  (SELECT CASE WHEN substr(h, 1, 24) = '00000000000000000000FFFF' THEN
      (instr('123456789ABCDEF', substr(h, 25, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 26, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 27, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 28, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 29, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 30, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 31, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 32, 1)))
    WHEN h <> '' THEN
      lower(substr(h, 1, 4) || ':' || substr(h, 5, 4) || ':' || substr(h, 9, 4) || ':' ||
      substr(h, 13, 4) || ':' || substr(h, 17, 4) || ':' || substr(h, 21, 4) || ':' ||
      substr(h, 25, 4) || ':' || substr(h, 29, 4))
    END FROM (SELECT hex(f.client) AS h)) AS client,
  f.client_port,
  (SELECT CASE WHEN substr(h, 1, 24) = '00000000000000000000FFFF' THEN
      (instr('123456789ABCDEF', substr(h, 25, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 26, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 27, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 28, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 29, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 30, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 31, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 32, 1)))
    WHEN h <> '' THEN
      lower(substr(h, 1, 4) || ':' || substr(h, 5, 4) || ':' || substr(h, 9, 4) || ':' ||
      substr(h, 13, 4) || ':' || substr(h, 17, 4) || ':' || substr(h, 21, 4) || ':' ||
      substr(h, 25, 4) || ':' || substr(h, 29, 4))
    END FROM (SELECT hex(f.server) AS h)) AS server,
  f.server_port,
  CASE f.state
    WHEN 0 THEN 'attempt' WHEN 1 THEN 'one-way' WHEN 2 THEN 'two-way' WHEN 3 THEN 'established'
    WHEN 4 THEN 'closing' WHEN 5 THEN 'closed' WHEN 6 THEN 'reset' WHEN 7 THEN 'rejected' END
    AS state,
  f.flags, f.vlan, f.icmp_type, f.icmp_code, f.community_id,
  f.client_packets, f.client_ip_bytes, f.client_bytes,
  f.client_gap_bytes, f.client_duplicate_bytes, f.client_conflict_bytes,
  f.client_refused_bytes, f.client_urgent_bytes, f.client_shed_bytes,
  f.server_packets, f.server_ip_bytes, f.server_bytes,
  f.server_gap_bytes, f.server_duplicate_bytes, f.server_conflict_bytes,
  f.server_refused_bytes, f.server_urgent_bytes, f.server_shed_bytes
FROM flow AS f
LEFT JOIN sensor ON sensor.sensor_id = f.sensor_id;

-- Content, turn by turn: run of bytes, gap, datagram or conflict. A gap has a length and no bytes.
CREATE VIEW v_turn AS
SELECT
  printf('%016x%016x', c.t_start, c.flow_hash) AS id,
  c.t_start, c.n, c.turn, c.t,
  strftime('%Y-%m-%d %H:%M:%S',
      (c.t - ((c.t % 1000000000) + 1000000000) % 1000000000) / 1000000000,
      'unixepoch') || printf('.%09d', ((c.t % 1000000000) + 1000000000) % 1000000000) AS time,
  CASE c.side WHEN 0 THEN 'client' ELSE 'server' END AS side,
  CASE c.kind WHEN 0 THEN 'data' WHEN 1 THEN 'gap' WHEN 2 THEN 'datagram'
    WHEN 3 THEN 'conflict' WHEN 4 THEN 'urgent' END AS kind,
  c.stream_offset, c.length,
  CASE c.kind WHEN 1 THEN NULL
    ELSE substr(c.content, c.position + 1, c.length) END AS bytes
FROM (
  SELECT chunk.t_start, chunk.flow_hash, chunk.n, chunk.content, j.key AS turn,
    chunk.t_start + json_extract(j.value, '$[1]') AS t,
    json_extract(j.value, '$[0]') AS side,
    json_extract(j.value, '$[2]') AS stream_offset,
    json_extract(j.value, '$[3]') AS length,
    json_extract(j.value, '$[4]') AS kind,
    json_extract(j.value, '$[5]') AS position
  FROM chunk, json_each(chunk.turns) AS j
) AS c;

-- Source and destination of a message are the ends of its flow.
CREATE VIEW v_icmp AS
SELECT
  f.id, i.t_start, i.n, i.t,
  strftime('%Y-%m-%d %H:%M:%S',
      (i.t - ((i.t % 1000000000) + 1000000000) % 1000000000) / 1000000000,
      'unixepoch') || printf('.%09d', ((i.t % 1000000000) + 1000000000) % 1000000000) AS time,
  f.sensor, f.protocol,
  CASE i.side WHEN 0 THEN f.client ELSE f.server END AS source,
  CASE i.side WHEN 0 THEN f.server ELSE f.client END AS destination,
  CASE i.side WHEN 0 THEN 'client' ELSE 'server' END AS side,
  i.type, i.code, i.ident, i.seq, i.rest, i.payload_bytes, i.rtt,
  CASE i.quoted_protocol
    WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'icmp6'
    ELSE CAST(i.quoted_protocol AS TEXT) END AS quoted_protocol,
  (SELECT CASE WHEN substr(h, 1, 24) = '00000000000000000000FFFF' THEN
      (instr('123456789ABCDEF', substr(h, 25, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 26, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 27, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 28, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 29, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 30, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 31, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 32, 1)))
    WHEN h <> '' THEN
      lower(substr(h, 1, 4) || ':' || substr(h, 5, 4) || ':' || substr(h, 9, 4) || ':' ||
      substr(h, 13, 4) || ':' || substr(h, 17, 4) || ':' || substr(h, 21, 4) || ':' ||
      substr(h, 25, 4) || ':' || substr(h, 29, 4))
    END FROM (SELECT hex(i.quoted_source) AS h)) AS quoted_source,
  i.quoted_source_port,
  (SELECT CASE WHEN substr(h, 1, 24) = '00000000000000000000FFFF' THEN
      (instr('123456789ABCDEF', substr(h, 25, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 26, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 27, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 28, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 29, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 30, 1))) || '.' ||
      (instr('123456789ABCDEF', substr(h, 31, 1)) * 16 +
       instr('123456789ABCDEF', substr(h, 32, 1)))
    WHEN h <> '' THEN
      lower(substr(h, 1, 4) || ':' || substr(h, 5, 4) || ':' || substr(h, 9, 4) || ':' ||
      substr(h, 13, 4) || ':' || substr(h, 17, 4) || ':' || substr(h, 21, 4) || ':' ||
      substr(h, 25, 4) || ':' || substr(h, 29, 4))
    END FROM (SELECT hex(i.quoted_destination) AS h)) AS quoted_destination,
  i.quoted_destination_port,
  CASE i.quote_found WHEN 1 THEN
    printf('%016x%016x', i.about_t_start, i.about_flow_hash) END AS about
FROM icmp AS i
JOIN v_flow AS f ON f.t_start = i.t_start
  AND f.id = printf('%016x%016x', i.t_start, i.flow_hash);

CREATE VIEW v_ledger AS
SELECT
  l.t_minute,
  strftime('%Y-%m-%d %H:%M:%S',
      (l.t_minute - ((l.t_minute % 1000000000) + 1000000000) % 1000000000) / 1000000000,
      'unixepoch') || printf('.%09d', ((l.t_minute % 1000000000) + 1000000000) % 1000000000)
    AS time,
  sensor.name AS sensor, l.outcome, SUM(l.packets) AS packets, SUM(l.bytes) AS bytes
FROM ledger AS l
LEFT JOIN sensor ON sensor.sensor_id = l.sensor_id
GROUP BY l.t_minute, sensor.name, l.outcome;
