-- The tables of a MariaDB or MySQL store, first version. Never edited after a release: add
-- 0002_*.sql. The server commits each statement by itself, so each may run twice without harm.
--
-- Times are nanoseconds since 1970-01-01 UTC. Addresses are 16 bytes, IPv4 mapped into IPv6. Every
-- key begins with time, so that inserts append and whole days can be dropped as partitions; pmax
-- takes what has no partition of its own. A ';' that ends a line ends a statement.

CREATE TABLE IF NOT EXISTS schema_version (
  version INT NOT NULL,
  PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sensor (
  sensor_id INT UNSIGNED NOT NULL,
  name      VARCHAR(255) NOT NULL,
  PRIMARY KEY (sensor_id),
  UNIQUE KEY sensor_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One connection, UDP conversation or ICMP exchange. "bytes" is restored content; "gap_bytes" are
-- known to be missing from it. Each secondary index costs a third of a row's insert: only what
-- narrows a search by much has one.
CREATE TABLE IF NOT EXISTS flow (
  t_start                BIGINT NOT NULL,
  flow_hash              BIGINT UNSIGNED NOT NULL,
  sensor_id              INT UNSIGNED NOT NULL,
  t_last                 BIGINT NOT NULL,
  protocol               TINYINT UNSIGNED NOT NULL,
  client                 BINARY(16) NOT NULL,
  client_port            SMALLINT UNSIGNED NOT NULL,
  server                 BINARY(16) NOT NULL,
  server_port            SMALLINT UNSIGNED NOT NULL,
  state                  TINYINT UNSIGNED NOT NULL,
  flags                  SMALLINT UNSIGNED NOT NULL,
  vlan                   SMALLINT UNSIGNED NOT NULL,
  icmp_type              TINYINT UNSIGNED NOT NULL,
  icmp_code              TINYINT UNSIGNED NOT NULL,
  community_id           VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client_packets         BIGINT UNSIGNED NOT NULL,
  client_ip_bytes        BIGINT UNSIGNED NOT NULL,
  client_bytes           BIGINT UNSIGNED NOT NULL,
  client_gap_bytes       BIGINT UNSIGNED NOT NULL,
  client_duplicate_bytes BIGINT UNSIGNED NOT NULL,
  client_conflict_bytes  BIGINT UNSIGNED NOT NULL,
  client_refused_bytes   BIGINT UNSIGNED NOT NULL,
  client_urgent_bytes    BIGINT UNSIGNED NOT NULL,
  client_shed_bytes      BIGINT UNSIGNED NOT NULL,
  server_packets         BIGINT UNSIGNED NOT NULL,
  server_ip_bytes        BIGINT UNSIGNED NOT NULL,
  server_bytes           BIGINT UNSIGNED NOT NULL,
  server_gap_bytes       BIGINT UNSIGNED NOT NULL,
  server_duplicate_bytes BIGINT UNSIGNED NOT NULL,
  server_conflict_bytes  BIGINT UNSIGNED NOT NULL,
  server_refused_bytes   BIGINT UNSIGNED NOT NULL,
  server_urgent_bytes    BIGINT UNSIGNED NOT NULL,
  server_shed_bytes      BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (t_start, flow_hash),
  KEY flow_client (client, t_start),
  KEY flow_server (server, t_start),
  KEY flow_server_port (server_port, t_start)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_start) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- Up to 65,000 bytes of restored content, both directions in order of arrival. "turns" is a JSON
-- array of [side, dt_ns, offset, length, kind, position]: side 0 client, 1 server; dt_ns since
-- t_start; offset in the side's stream; kind 0 data, 1 gap, 2 datagram, 3 conflict; position of
-- its bytes in "content" (a gap has none).
CREATE TABLE IF NOT EXISTS chunk (
  t_start   BIGINT NOT NULL,
  flow_hash BIGINT UNSIGNED NOT NULL,
  n         INT UNSIGNED NOT NULL,
  version   BIGINT UNSIGNED NOT NULL,
  t_first   BIGINT NOT NULL,
  turns     MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content   LONGBLOB NOT NULL,
  PRIMARY KEY (t_start, flow_hash, n)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_start) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- One ICMP or ICMPv6 message. rtt is NULL while not known; quoted_* when nothing is quoted. The
-- quoted flow is (about_t_start, about_flow_hash) when quote_found is 1.
CREATE TABLE IF NOT EXISTS icmp (
  t_start                 BIGINT NOT NULL,
  flow_hash               BIGINT UNSIGNED NOT NULL,
  n                       INT UNSIGNED NOT NULL,
  t                       BIGINT NOT NULL,
  side                    TINYINT UNSIGNED NOT NULL,
  type                    TINYINT UNSIGNED NOT NULL,
  code                    TINYINT UNSIGNED NOT NULL,
  ident                   SMALLINT UNSIGNED NOT NULL,
  seq                     SMALLINT UNSIGNED NOT NULL,
  rest                    INT UNSIGNED NOT NULL,
  payload_bytes           INT UNSIGNED NOT NULL,
  rtt                     BIGINT,
  quoted_protocol         TINYINT UNSIGNED,
  quoted_source           BINARY(16),
  quoted_source_port      SMALLINT UNSIGNED,
  quoted_destination      BINARY(16),
  quoted_destination_port SMALLINT UNSIGNED,
  about_t_start           BIGINT NOT NULL,
  about_flow_hash         BIGINT UNSIGNED NOT NULL,
  quote_found             TINYINT UNSIGNED NOT NULL,
  PRIMARY KEY (t_start, flow_hash, n)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_start) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- Frames and their bytes on the wire by what they came to, a sensor, input and minute.
CREATE TABLE IF NOT EXISTS ledger (
  t_minute  BIGINT NOT NULL,
  sensor_id INT UNSIGNED NOT NULL,
  source    BIGINT UNSIGNED NOT NULL,
  outcome   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  packets   BIGINT UNSIGNED NOT NULL,
  bytes     BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (t_minute, sensor_id, source, outcome)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_minute) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- Markers of committed event blocks of runs that go on.
CREATE TABLE IF NOT EXISTS batch (
  sensor_id INT UNSIGNED NOT NULL,
  epoch     BIGINT UNSIGNED NOT NULL,
  sequence  BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (sensor_id, epoch, sequence)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The views have the same columns and text in every kind of store. IPv6 addresses are written in
-- full, eight groups of four digits, so that LIKE 'fd00:%' selects a prefix. To find a flow by
-- its key name t_start in the WHERE: it is the first half of id, and id itself has no index.

CREATE OR REPLACE SQL SECURITY INVOKER VIEW v_flow AS
SELECT
  LOWER(CONCAT(LPAD(HEX(f.t_start), 16, '0'), LPAD(HEX(f.flow_hash), 16, '0'))) AS id,
  f.t_start, f.t_last, sensor.name AS sensor,
  CONCAT(DATE_FORMAT('1970-01-01' + INTERVAL
      ((f.t_start - ((f.t_start % 1000000000) + 1000000000) % 1000000000) DIV 1000000000) SECOND,
      '%Y-%m-%d %H:%i:%s'), '.',
      LPAD(((f.t_start % 1000000000) + 1000000000) % 1000000000, 9, '0'))
    AS start_time,
  CONCAT(DATE_FORMAT('1970-01-01' + INTERVAL
      ((f.t_last - ((f.t_last % 1000000000) + 1000000000) % 1000000000) DIV 1000000000) SECOND,
      '%Y-%m-%d %H:%i:%s'), '.',
      LPAD(((f.t_last % 1000000000) + 1000000000) % 1000000000, 9, '0'))
    AS end_time,
  CASE f.protocol
    WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'icmp6'
    ELSE CAST(f.protocol AS CHAR) END AS protocol,
  CASE WHEN LEFT(f.c, 24) = '00000000000000000000FFFF'
    THEN INET_NTOA(CONV(SUBSTR(f.c, 25, 8), 16, 10))
    WHEN f.c IS NOT NULL THEN LOWER(CONCAT_WS(':',
      SUBSTR(f.c, 1, 4), SUBSTR(f.c, 5, 4), SUBSTR(f.c, 9, 4),
      SUBSTR(f.c, 13, 4), SUBSTR(f.c, 17, 4), SUBSTR(f.c, 21, 4),
      SUBSTR(f.c, 25, 4), SUBSTR(f.c, 29, 4))) END AS client,
  f.client_port,
  CASE WHEN LEFT(f.s, 24) = '00000000000000000000FFFF'
    THEN INET_NTOA(CONV(SUBSTR(f.s, 25, 8), 16, 10))
    WHEN f.s IS NOT NULL THEN LOWER(CONCAT_WS(':',
      SUBSTR(f.s, 1, 4), SUBSTR(f.s, 5, 4), SUBSTR(f.s, 9, 4),
      SUBSTR(f.s, 13, 4), SUBSTR(f.s, 17, 4), SUBSTR(f.s, 21, 4),
      SUBSTR(f.s, 25, 4), SUBSTR(f.s, 29, 4))) END AS server,
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
FROM (SELECT flow.*, HEX(client) AS c, HEX(server) AS s FROM flow) AS f
LEFT JOIN sensor ON sensor.sensor_id = f.sensor_id;

-- Content, turn by turn: run of bytes, gap, datagram or conflict. A gap has a length and no bytes.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW v_turn AS
SELECT
  LOWER(CONCAT(LPAD(HEX(c.t_start), 16, '0'), LPAD(HEX(c.flow_hash), 16, '0'))) AS id,
  c.t_start, c.n, c.turn, c.t,
  CONCAT(DATE_FORMAT('1970-01-01' + INTERVAL
      ((c.t - ((c.t % 1000000000) + 1000000000) % 1000000000) DIV 1000000000) SECOND,
      '%Y-%m-%d %H:%i:%s'), '.',
      LPAD(((c.t % 1000000000) + 1000000000) % 1000000000, 9, '0'))
    AS time,
  CASE c.side WHEN 0 THEN 'client' ELSE 'server' END AS side,
  CASE c.kind WHEN 0 THEN 'data' WHEN 1 THEN 'gap' WHEN 2 THEN 'datagram'
    WHEN 3 THEN 'conflict' WHEN 4 THEN 'urgent' END AS kind,
  c.stream_offset, c.length,
  CASE c.kind WHEN 1 THEN NULL
    ELSE SUBSTR(c.content, c.position + 1, c.length) END AS bytes
FROM (
  SELECT chunk.t_start, chunk.flow_hash, chunk.n, chunk.content, j.turn - 1 AS turn,
    chunk.t_start + j.dt AS t, j.side, j.stream_offset, j.length, j.kind, j.position
  FROM chunk,
    JSON_TABLE(chunk.turns, '$[*]' COLUMNS (
      turn          FOR ORDINALITY,
      side          INT PATH '$[0]',
      dt            BIGINT PATH '$[1]',
      stream_offset BIGINT PATH '$[2]',
      length        BIGINT PATH '$[3]',
      kind          INT PATH '$[4]',
      position      BIGINT PATH '$[5]')) AS j
) AS c;

-- Source and destination of a message are the ends of its flow.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW v_icmp AS
SELECT
  f.id, i.t_start, i.n, i.t,
  CONCAT(DATE_FORMAT('1970-01-01' + INTERVAL
      ((i.t - ((i.t % 1000000000) + 1000000000) % 1000000000) DIV 1000000000) SECOND,
      '%Y-%m-%d %H:%i:%s'), '.',
      LPAD(((i.t % 1000000000) + 1000000000) % 1000000000, 9, '0'))
    AS time,
  f.sensor, f.protocol,
  CASE i.side WHEN 0 THEN f.client ELSE f.server END AS source,
  CASE i.side WHEN 0 THEN f.server ELSE f.client END AS destination,
  CASE i.side WHEN 0 THEN 'client' ELSE 'server' END AS side,
  i.type, i.code, i.ident, i.seq, i.rest, i.payload_bytes, i.rtt,
  CASE i.quoted_protocol
    WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'icmp6'
    ELSE CAST(i.quoted_protocol AS CHAR) END AS quoted_protocol,
  CASE WHEN LEFT(i.q_src, 24) = '00000000000000000000FFFF'
    THEN INET_NTOA(CONV(SUBSTR(i.q_src, 25, 8), 16, 10))
    WHEN i.q_src IS NOT NULL THEN LOWER(CONCAT_WS(':',
      SUBSTR(i.q_src, 1, 4), SUBSTR(i.q_src, 5, 4), SUBSTR(i.q_src, 9, 4),
      SUBSTR(i.q_src, 13, 4), SUBSTR(i.q_src, 17, 4), SUBSTR(i.q_src, 21, 4),
      SUBSTR(i.q_src, 25, 4), SUBSTR(i.q_src, 29, 4))) END AS quoted_source,
  i.quoted_source_port,
  CASE WHEN LEFT(i.q_dst, 24) = '00000000000000000000FFFF'
    THEN INET_NTOA(CONV(SUBSTR(i.q_dst, 25, 8), 16, 10))
    WHEN i.q_dst IS NOT NULL THEN LOWER(CONCAT_WS(':',
      SUBSTR(i.q_dst, 1, 4), SUBSTR(i.q_dst, 5, 4), SUBSTR(i.q_dst, 9, 4),
      SUBSTR(i.q_dst, 13, 4), SUBSTR(i.q_dst, 17, 4), SUBSTR(i.q_dst, 21, 4),
      SUBSTR(i.q_dst, 25, 4), SUBSTR(i.q_dst, 29, 4))) END AS quoted_destination,
  i.quoted_destination_port,
  CASE i.quote_found WHEN 1 THEN
    LOWER(CONCAT(LPAD(HEX(i.about_t_start), 16, '0'), LPAD(HEX(i.about_flow_hash), 16, '0'))) END
    AS about
FROM (SELECT icmp.*, HEX(quoted_source) AS q_src, HEX(quoted_destination) AS q_dst FROM icmp) AS i
JOIN v_flow AS f ON f.t_start = i.t_start
  AND f.id = LOWER(CONCAT(LPAD(HEX(i.t_start), 16, '0'), LPAD(HEX(i.flow_hash), 16, '0')));

CREATE OR REPLACE SQL SECURITY INVOKER VIEW v_ledger AS
SELECT
  l.t_minute,
  CONCAT(DATE_FORMAT('1970-01-01' + INTERVAL
      ((l.t_minute - ((l.t_minute % 1000000000) + 1000000000) % 1000000000) DIV 1000000000) SECOND,
      '%Y-%m-%d %H:%i:%s'), '.',
      LPAD(((l.t_minute % 1000000000) + 1000000000) % 1000000000, 9, '0'))
    AS time,
  sensor.name AS sensor, l.outcome, SUM(l.packets) AS packets, SUM(l.bytes) AS bytes
FROM ledger AS l
LEFT JOIN sensor ON sensor.sensor_id = l.sensor_id
GROUP BY l.t_minute, sensor.name, l.outcome;
