-- The tables of a SQLite store, first version. Never edited after a release: add 0002_*.sql.
--
-- Times are nanoseconds since 1970-01-01 UTC. Addresses are 16 bytes, IPv4 mapped into IPv6. A
-- flow_hash is 64 bits, kept here as SQLite's signed integer. Every key begins with time, so that
-- inserts append.

-- "status" is what a running capture said of itself at "t_status", in Prometheus' text format.
CREATE TABLE sensor (
  sensor_id INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,
  t_status  INTEGER,
  status    TEXT
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

-- How many blocks had flows that began in these ten minutes: who keeps sums of them sees that they
-- have changed.
CREATE TABLE flow_part (
  t_part    INTEGER NOT NULL,
  sensor_id INTEGER NOT NULL,
  writes    INTEGER NOT NULL,
  PRIMARY KEY (t_part, sensor_id)
) WITHOUT ROWID;

-- The secondary indexes of flow and icmp are made when the first run has ended: see
-- src/store/sqlite_store.cc.

-- Up to 65,000 bytes of restored content, both directions in order of arrival. "turns" is a JSON
-- array of [side, dt_ns, offset, length, kind, position]: side 0 client, 1 server; dt_ns since
-- t_start; offset in the side's stream; kind 0 data, 1 gap, 2 datagram, 3 conflict, 4 urgent; position of
-- its bytes in "content" (a gap has none). "version" is how many packets of the flow had been seen
-- when the chunk last grew: the larger one stays. Where "content" is shorter than "content_bytes" it is
-- compressed: read it from v_content. A rowid table, because its rows are large.
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

-- One ICMP or ICMPv6 message. rtt is NULL while not known; quoted_* when nothing is quoted, and the
-- ports alone when they are not in the quote. The quoted flow is (about_t_start, about_flow_hash)
-- when quote_found is 1; else about_flow_hash is the hash that it has, see v_icmp. pairing: 1
-- request, 2 reply, 3 late reply, 4 duplicate of a reply, 5 reply without request, 6 error that
-- quotes a request; 0 what neither asks nor answers. request_n is the message that it belongs to,
-- of this flow or, with 6, of the quoted one. payload_equal tells whether an echo came back as it
-- was sent. The payload is content_bytes of the content of chunk content_n, from content_at.
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

-- Names of ICMP types (code -1) and codes, as the program has them.
CREATE TABLE icmp_name (
  protocol TEXT NOT NULL,
  type     INTEGER NOT NULL,
  code     INTEGER NOT NULL,
  name     TEXT NOT NULL,
  PRIMARY KEY (protocol, type, code)
) WITHOUT ROWID;

REPLACE INTO icmp_name (protocol, type, code, name) VALUES
  ('icmp', 0, -1, 'Echo Reply'), ('icmp', 3, -1, 'Destination Unreachable'),
  ('icmp', 3, 0, 'net unreachable'), ('icmp', 3, 1, 'host unreachable'),
  ('icmp', 3, 2, 'protocol unreachable'), ('icmp', 3, 3, 'port unreachable'),
  ('icmp', 3, 4, 'fragmentation needed'), ('icmp', 3, 5, 'source route failed'),
  ('icmp', 3, 6, 'net unknown'), ('icmp', 3, 7, 'host unknown'),
  ('icmp', 3, 8, 'source host isolated'), ('icmp', 3, 9, 'net prohibited'),
  ('icmp', 3, 10, 'host prohibited'), ('icmp', 3, 11, 'net unreachable for TOS'),
  ('icmp', 3, 12, 'host unreachable for TOS'), ('icmp', 3, 13, 'administratively prohibited'),
  ('icmp', 3, 14, 'precedence violation'), ('icmp', 3, 15, 'precedence cutoff'),
  ('icmp', 4, -1, 'Source Quench'), ('icmp', 5, -1, 'Redirect'), ('icmp', 5, 0, 'for the net'),
  ('icmp', 5, 1, 'for the host'), ('icmp', 5, 2, 'for TOS and net'),
  ('icmp', 5, 3, 'for TOS and host'), ('icmp', 6, -1, 'Alternate Host Address'),
  ('icmp', 6, 0, 'for the host'), ('icmp', 8, -1, 'Echo'), ('icmp', 9, -1, 'Router Advertisement'),
  ('icmp', 9, 16, 'does not route common traffic'), ('icmp', 10, -1, 'Router Solicitation'),
  ('icmp', 11, -1, 'Time Exceeded'), ('icmp', 11, 0, 'TTL exceeded in transit'),
  ('icmp', 11, 1, 'reassembly time exceeded'), ('icmp', 12, -1, 'Parameter Problem'),
  ('icmp', 12, 0, 'pointer shows the error'), ('icmp', 12, 1, 'option missing'),
  ('icmp', 12, 2, 'bad length'), ('icmp', 13, -1, 'Timestamp'), ('icmp', 14, -1, 'Timestamp Reply'),
  ('icmp', 15, -1, 'Information Request'), ('icmp', 16, -1, 'Information Reply'),
  ('icmp', 17, -1, 'Address Mask Request'), ('icmp', 18, -1, 'Address Mask Reply'),
  ('icmp', 19, -1, 'Reserved for Security'), ('icmp', 20, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 21, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 22, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 23, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 24, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 25, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 26, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 27, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 28, -1, 'Reserved for Robustness Experiment'),
  ('icmp', 29, -1, 'Reserved for Robustness Experiment'), ('icmp', 30, -1, 'Traceroute'),
  ('icmp', 30, 0, 'forwarded'), ('icmp', 30, 1, 'no route, discarded'),
  ('icmp', 31, -1, 'Datagram Conversion Error'), ('icmp', 31, 0, 'unspecified'),
  ('icmp', 31, 1, 'don''t convert'), ('icmp', 31, 2, 'unknown mandatory option'),
  ('icmp', 31, 3, 'unsupported option'), ('icmp', 31, 4, 'unsupported transport'),
  ('icmp', 31, 5, 'too long'), ('icmp', 31, 6, 'IP header too long'),
  ('icmp', 31, 7, 'transport protocol above 255'), ('icmp', 31, 8, 'port out of range'),
  ('icmp', 31, 9, 'transport header too long'),
  ('icmp', 31, 10, '32-bit rollover missing and ACK set'),
  ('icmp', 31, 11, 'unknown mandatory transport option'), ('icmp', 32, -1, 'Mobile Host Redirect'),
  ('icmp', 33, -1, 'IPv6 Where-Are-You'), ('icmp', 34, -1, 'IPv6 I-Am-Here'),
  ('icmp', 35, -1, 'Mobile Registration Request'), ('icmp', 36, -1, 'Mobile Registration Reply'),
  ('icmp', 37, -1, 'Domain Name Request'), ('icmp', 38, -1, 'Domain Name Reply'),
  ('icmp', 39, -1, 'SKIP'), ('icmp', 40, -1, 'Photuris'), ('icmp', 40, 0, 'bad SPI'),
  ('icmp', 40, 1, 'authentication failed'), ('icmp', 40, 2, 'decompression failed'),
  ('icmp', 40, 3, 'decryption failed'), ('icmp', 40, 4, 'need authentication'),
  ('icmp', 40, 5, 'need authorization'), ('icmp', 41, -1, 'Experimental Mobility'),
  ('icmp', 42, -1, 'Extended Echo Request'), ('icmp', 43, -1, 'Extended Echo Reply'),
  ('icmp', 43, 1, 'malformed query'), ('icmp', 43, 2, 'no such interface'),
  ('icmp', 43, 3, 'no such table entry'), ('icmp', 43, 4, 'multiple interfaces'),
  ('icmp', 253, -1, 'RFC3692-style Experiment 1'), ('icmp', 254, -1, 'RFC3692-style Experiment 2'),
  ('icmp', 255, -1, 'Reserved'), ('icmp6', 0, -1, 'Reserved'),
  ('icmp6', 1, -1, 'Destination Unreachable'), ('icmp6', 1, 0, 'no route'),
  ('icmp6', 1, 1, 'administratively prohibited'), ('icmp6', 1, 2, 'beyond scope of source'),
  ('icmp6', 1, 3, 'address unreachable'), ('icmp6', 1, 4, 'port unreachable'),
  ('icmp6', 1, 5, 'source failed policy'), ('icmp6', 1, 6, 'reject route'),
  ('icmp6', 1, 7, 'source routing error'), ('icmp6', 1, 8, 'headers too long'),
  ('icmp6', 2, -1, 'Packet Too Big'), ('icmp6', 3, -1, 'Time Exceeded'),
  ('icmp6', 3, 0, 'hop limit exceeded'), ('icmp6', 3, 1, 'reassembly time exceeded'),
  ('icmp6', 4, -1, 'Parameter Problem'), ('icmp6', 4, 0, 'erroneous header field'),
  ('icmp6', 4, 1, 'unknown next header'), ('icmp6', 4, 2, 'unknown option'),
  ('icmp6', 4, 3, 'incomplete first fragment'), ('icmp6', 4, 4, 'segment routing upper layer'),
  ('icmp6', 4, 5, 'next header unknown to a router'), ('icmp6', 4, 6, 'extension header too big'),
  ('icmp6', 4, 7, 'extension headers too long'), ('icmp6', 4, 8, 'too many extension headers'),
  ('icmp6', 4, 9, 'too many options'), ('icmp6', 4, 10, 'option too big'),
  ('icmp6', 100, -1, 'Private experimentation'), ('icmp6', 101, -1, 'Private experimentation'),
  ('icmp6', 127, -1, 'Reserved for Error Messages'), ('icmp6', 128, -1, 'Echo Request'),
  ('icmp6', 129, -1, 'Echo Reply'), ('icmp6', 130, -1, 'Multicast Listener Query'),
  ('icmp6', 131, -1, 'Multicast Listener Report'), ('icmp6', 132, -1, 'Multicast Listener Done'),
  ('icmp6', 133, -1, 'Router Solicitation'), ('icmp6', 134, -1, 'Router Advertisement'),
  ('icmp6', 135, -1, 'Neighbor Solicitation'), ('icmp6', 136, -1, 'Neighbor Advertisement'),
  ('icmp6', 137, -1, 'Redirect Message'), ('icmp6', 138, -1, 'Router Renumbering'),
  ('icmp6', 138, 0, 'command'), ('icmp6', 138, 1, 'result'),
  ('icmp6', 138, 255, 'sequence number reset'), ('icmp6', 139, -1, 'Node Information Query'),
  ('icmp6', 139, 0, 'about an IPv6 address'), ('icmp6', 139, 1, 'about a name'),
  ('icmp6', 139, 2, 'about an IPv4 address'), ('icmp6', 140, -1, 'Node Information Response'),
  ('icmp6', 140, 0, 'success'), ('icmp6', 140, 1, 'refused'),
  ('icmp6', 140, 2, 'unknown query type'), ('icmp6', 141, -1, 'Inverse ND Solicitation'),
  ('icmp6', 142, -1, 'Inverse ND Advertisement'),
  ('icmp6', 143, -1, 'Multicast Listener Report v2'),
  ('icmp6', 144, -1, 'Home Agent Discovery Request'),
  ('icmp6', 145, -1, 'Home Agent Discovery Reply'),
  ('icmp6', 146, -1, 'Mobile Prefix Solicitation'),
  ('icmp6', 147, -1, 'Mobile Prefix Advertisement'),
  ('icmp6', 148, -1, 'Certification Path Solicitation'),
  ('icmp6', 149, -1, 'Certification Path Advertisement'),
  ('icmp6', 150, -1, 'Experimental Mobility'), ('icmp6', 151, -1, 'Multicast Router Advertisement'),
  ('icmp6', 152, -1, 'Multicast Router Solicitation'),
  ('icmp6', 153, -1, 'Multicast Router Termination'), ('icmp6', 154, -1, 'FMIPv6'),
  ('icmp6', 155, -1, 'RPL Control'), ('icmp6', 155, 0, 'DODAG information solicitation'),
  ('icmp6', 155, 1, 'DODAG information object'), ('icmp6', 155, 2, 'destination advertisement'),
  ('icmp6', 155, 3, 'destination advertisement ack'), ('icmp6', 155, 4, 'P2P discovery reply'),
  ('icmp6', 155, 5, 'P2P discovery reply ack'), ('icmp6', 155, 6, 'measurement'),
  ('icmp6', 155, 7, 'destination cleanup'), ('icmp6', 155, 8, 'destination cleanup ack'),
  ('icmp6', 155, 128, 'secure DODAG information solicitation'),
  ('icmp6', 155, 129, 'secure DODAG information object'),
  ('icmp6', 155, 130, 'secure destination advertisement'),
  ('icmp6', 155, 131, 'secure destination advertisement ack'),
  ('icmp6', 155, 135, 'secure destination cleanup'),
  ('icmp6', 155, 136, 'secure destination cleanup ack'), ('icmp6', 155, 138, 'consistency check'),
  ('icmp6', 156, -1, 'ILNPv6 Locator Update'), ('icmp6', 157, -1, 'Duplicate Address Request'),
  ('icmp6', 158, -1, 'Duplicate Address Confirmation'), ('icmp6', 159, -1, 'MPL Control'),
  ('icmp6', 160, -1, 'Extended Echo Request'), ('icmp6', 161, -1, 'Extended Echo Reply'),
  ('icmp6', 161, 1, 'malformed query'), ('icmp6', 161, 2, 'no such interface'),
  ('icmp6', 161, 3, 'no such table entry'), ('icmp6', 161, 4, 'multiple interfaces'),
  ('icmp6', 200, -1, 'Private experimentation'), ('icmp6', 201, -1, 'Private experimentation'),
  ('icmp6', 255, -1, 'Reserved for Informational Messages');

-- Packets and bytes by what they came to, a sensor, input and minute. All rows of an input and
-- minute have the same version: one that counted more of the input replaces them together.
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

-- Markers of committed event blocks of runs that go on.
CREATE TABLE batch (
  sensor_id INTEGER NOT NULL,
  epoch     INTEGER NOT NULL,
  sequence  INTEGER NOT NULL,
  PRIMARY KEY (sensor_id, epoch, sequence)
) WITHOUT ROWID;

-- Flows that retention leaves, with their content and messages, however old they are.
CREATE TABLE pin (
  t_start   INTEGER NOT NULL,
  flow_hash INTEGER NOT NULL,
  t_pinned  INTEGER NOT NULL,
  PRIMARY KEY (t_start, flow_hash)
) WITHOUT ROWID;

-- One row: before t_before all but pinned flows has been deleted. The limits are those of the last
-- time; 0 is none.
CREATE TABLE retention (
  one        INTEGER PRIMARY KEY,
  t_before   INTEGER NOT NULL,
  keep_days  INTEGER NOT NULL,
  keep_bytes INTEGER NOT NULL
);

INSERT INTO retention (one, t_before, keep_days, keep_bytes)
VALUES (1, -9223372036854775807 - 1, 0, 0);

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

-- Chunks with their content as it was. While none is compressed, every program can read this; the
-- first run that compresses makes it anew, with sqlar_uncompress(), which the sqlite3 shell has.
CREATE VIEW v_content AS
SELECT t_start, flow_hash, n, version, t_first, turns, content_bytes, content FROM chunk;

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
  FROM v_content AS chunk, json_each(chunk.turns) AS j
) AS c;

-- Source and destination of a message are the ends of its flow. An error is about the flow that it
-- quotes: the one that was known when it came; else, of those with that hash, the last that began
-- before it and had a packet in the minute before, or the first that begins in the minute after it,
-- or the same within an hour. payload is what follows the first 8 bytes, as far as it was captured.
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
