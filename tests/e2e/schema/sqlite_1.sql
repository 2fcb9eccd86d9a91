CREATE TABLE batch (
  sensor_id INTEGER NOT NULL,
  epoch     INTEGER NOT NULL,
  sequence  INTEGER NOT NULL,
  PRIMARY KEY (sensor_id, epoch, sequence)
) WITHOUT ROWID;

CREATE TABLE chunk (
  t_start   INTEGER NOT NULL,
  flow_hash INTEGER NOT NULL,
  n         INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  t_first   INTEGER NOT NULL,
  turns     TEXT NOT NULL,
  content_bytes INTEGER NOT NULL,
  content   BLOB NOT NULL,
  PRIMARY KEY (t_start, flow_hash, n)
);

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
  tunnel                 INTEGER NOT NULL,
  tunnel_id              INTEGER NOT NULL,
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

CREATE TABLE flow_part (
  t_part    INTEGER NOT NULL,
  sensor_id INTEGER NOT NULL,
  writes    INTEGER NOT NULL,
  PRIMARY KEY (t_part, sensor_id)
) WITHOUT ROWID;

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
  pairing                 INTEGER NOT NULL,
  request_n               INTEGER,
  payload_equal           INTEGER,
  content_n               INTEGER NOT NULL,
  content_at              INTEGER NOT NULL,
  content_bytes           INTEGER NOT NULL,
  PRIMARY KEY (t_start, flow_hash, n)
) WITHOUT ROWID;

CREATE TABLE icmp_name (
  protocol TEXT NOT NULL,
  type     INTEGER NOT NULL,
  code     INTEGER NOT NULL,
  name     TEXT NOT NULL,
  PRIMARY KEY (protocol, type, code)
) WITHOUT ROWID;

CREATE TABLE ledger (
  t_minute  INTEGER NOT NULL,
  sensor_id INTEGER NOT NULL,
  source    INTEGER NOT NULL,
  outcome   TEXT NOT NULL,
  packets   INTEGER NOT NULL,
  bytes     INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  PRIMARY KEY (t_minute, sensor_id, source, outcome)
) WITHOUT ROWID;

CREATE TABLE pin (
  t_start   INTEGER NOT NULL,
  flow_hash INTEGER NOT NULL,
  t_pinned  INTEGER NOT NULL,
  PRIMARY KEY (t_start, flow_hash)
) WITHOUT ROWID;

CREATE TABLE retention (
  one        INTEGER PRIMARY KEY,
  t_before   INTEGER NOT NULL,
  keep_days  INTEGER NOT NULL,
  keep_bytes INTEGER NOT NULL
);

CREATE TABLE sensor (
  sensor_id INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,
  t_status  INTEGER,
  status    TEXT
);

CREATE VIEW v_content AS
SELECT t_start, flow_hash, n, version, t_first, turns, content_bytes, content FROM chunk;

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
    WHEN 1 THEN 'icmp' WHEN 2 THEN 'igmp' WHEN 4 THEN 'ipv4' WHEN 6 THEN 'tcp'
    WHEN 17 THEN 'udp' WHEN 33 THEN 'dccp' WHEN 41 THEN 'ipv6' WHEN 46 THEN 'rsvp'
    WHEN 47 THEN 'gre' WHEN 50 THEN 'esp' WHEN 51 THEN 'ah' WHEN 58 THEN 'icmp6'
    WHEN 88 THEN 'eigrp' WHEN 89 THEN 'ospf' WHEN 103 THEN 'pim' WHEN 112 THEN 'vrrp'
    WHEN 115 THEN 'l2tp' WHEN 132 THEN 'sctp' WHEN 136 THEN 'udplite'
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
  f.flags, f.vlan,
  CASE f.tunnel
    WHEN 0 THEN '' WHEN 1 THEN 'mpls' WHEN 2 THEN 'pppoe' WHEN 3 THEN 'nsh' WHEN 4 THEN 'ipip'
    WHEN 5 THEN 'gre' WHEN 6 THEN 'pptp' WHEN 7 THEN 'erspan' WHEN 8 THEN 'l2tp'
    WHEN 9 THEN 'teredo' WHEN 10 THEN 'ayiya' WHEN 11 THEN 'vxlan' WHEN 12 THEN 'geneve'
    WHEN 13 THEN 'gtp' WHEN 14 THEN 'capwap' END AS tunnel,
  f.tunnel_id, f.icmp_type, f.icmp_code, f.community_id,
  f.client_packets, f.client_ip_bytes, f.client_bytes,
  f.client_gap_bytes, f.client_duplicate_bytes, f.client_conflict_bytes,
  f.client_refused_bytes, f.client_urgent_bytes, f.client_shed_bytes,
  f.server_packets, f.server_ip_bytes, f.server_bytes,
  f.server_gap_bytes, f.server_duplicate_bytes, f.server_conflict_bytes,
  f.server_refused_bytes, f.server_urgent_bytes, f.server_shed_bytes
FROM flow AS f
LEFT JOIN sensor ON sensor.sensor_id = f.sensor_id;

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
  i.type,
  coalesce((SELECT m.name FROM icmp_name AS m
    WHERE m.protocol = f.protocol AND m.type = i.type AND m.code = -1), 'type ' || i.type)
    AS type_name,
  i.code,
  (SELECT m.name FROM icmp_name AS m
    WHERE m.protocol = f.protocol AND m.type = i.type AND m.code = i.code) AS code_name,
  i.ident, i.seq, i.rest, i.payload_bytes, i.rtt,
  CASE i.pairing WHEN 1 THEN 'request' WHEN 2 THEN 'reply' WHEN 3 THEN 'late'
    WHEN 4 THEN 'duplicate' WHEN 5 THEN 'stray' WHEN 6 THEN 'error' END AS pairing,
  i.request_n, i.payload_equal,
  CASE i.quoted_protocol
    WHEN 1 THEN 'icmp' WHEN 2 THEN 'igmp' WHEN 4 THEN 'ipv4' WHEN 6 THEN 'tcp'
    WHEN 17 THEN 'udp' WHEN 33 THEN 'dccp' WHEN 41 THEN 'ipv6' WHEN 46 THEN 'rsvp'
    WHEN 47 THEN 'gre' WHEN 50 THEN 'esp' WHEN 51 THEN 'ah' WHEN 58 THEN 'icmp6'
    WHEN 88 THEN 'eigrp' WHEN 89 THEN 'ospf' WHEN 103 THEN 'pim' WHEN 112 THEN 'vrrp'
    WHEN 115 THEN 'l2tp' WHEN 132 THEN 'sctp' WHEN 136 THEN 'udplite'
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
  CASE WHEN i.about IS NOT NULL THEN printf('%016x%016x', i.about, i.about_flow_hash) END AS about,
  (SELECT substr(c.content, i.content_at + 1, i.content_bytes) FROM v_content AS c
    WHERE c.t_start = i.t_start AND c.flow_hash = i.flow_hash AND c.n = i.content_n) AS payload
FROM (
  SELECT i.*, CASE WHEN i.quote_found = 1 THEN i.about_t_start WHEN i.about_flow_hash <> 0 THEN
     COALESCE(
       (SELECT MAX(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash
         AND a.t_start <= i.t AND a.t_last >= i.t - 60000000000),
       (SELECT MIN(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash
         AND a.t_start > i.t AND a.t_start <= i.t + 60000000000),
       (SELECT MAX(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash
         AND a.t_start <= i.t AND a.t_last >= i.t - 3600000000000),
       (SELECT MIN(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash
         AND a.t_start > i.t AND a.t_start <= i.t + 3600000000000)) END AS about
  FROM icmp AS i
) AS i
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
  FROM v_content AS chunk, json_each(chunk.turns) AS j
) AS c;

PRAGMA user_version = 1;
