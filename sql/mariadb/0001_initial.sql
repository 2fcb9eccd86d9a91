-- The tables of a MariaDB or MySQL store, first version. Never edited after a release: add
-- 0002_*.sql. The server commits each statement by itself, so each may run twice without harm.
--
-- Times are nanoseconds since 1970-01-01 UTC. Addresses are 16 bytes, IPv4 mapped into IPv6. Every
-- key begins with time, so that inserts append and whole days can be dropped as partitions. pmax
-- takes what has no partition of its own: days are split off it ahead of time, p20261123 and so on
-- (src/store/mysql_partitions.cc), and the oldest of them has what came before it, too. A ';' that
-- ends a line ends a statement.

CREATE TABLE IF NOT EXISTS schema_version (
  version INT NOT NULL,
  PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- "status" is what a running capture said of itself at "t_status", in Prometheus' text format.
CREATE TABLE IF NOT EXISTS sensor (
  sensor_id INT UNSIGNED NOT NULL,
  name      VARCHAR(255) NOT NULL,
  t_status  BIGINT NULL,
  status    TEXT NULL,
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
  tunnel                 TINYINT UNSIGNED NOT NULL,
  tunnel_id              INT UNSIGNED NOT NULL,
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
  KEY flow_client (client, t_start, flow_hash),
  KEY flow_server (server, t_start, flow_hash),
  KEY flow_server_port (server_port, t_start, flow_hash, client_port),
  KEY flow_flow_hash (flow_hash, t_start)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_start) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- How many blocks had flows that began in these ten minutes: who keeps sums of them sees that they
-- have changed.
CREATE TABLE IF NOT EXISTS flow_part (
  t_part    BIGINT NOT NULL,
  sensor_id INT UNSIGNED NOT NULL,
  writes    BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (t_part, sensor_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_part) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- Up to 65,000 bytes of restored content, both directions in order of arrival. "turns" is a JSON
-- array of [side, dt_ns, offset, length, kind, position]: side 0 client, 1 server; dt_ns since
-- t_start; offset in the side's stream; kind 0 data, 1 gap, 2 datagram, 3 conflict; position of
-- its bytes in "content" (a gap has none). Where "content" is shorter than "content_bytes" it is
-- compressed, as COMPRESS() does: read it from v_content.
CREATE TABLE IF NOT EXISTS chunk (
  t_start   BIGINT NOT NULL,
  flow_hash BIGINT UNSIGNED NOT NULL,
  n         INT UNSIGNED NOT NULL,
  version   BIGINT UNSIGNED NOT NULL,
  t_first   BIGINT NOT NULL,
  turns     MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content_bytes INT UNSIGNED NOT NULL,
  content   LONGBLOB NOT NULL,
  PRIMARY KEY (t_start, flow_hash, n)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_start) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- One ICMP or ICMPv6 message. rtt is NULL while not known; quoted_* when nothing is quoted, and the
-- ports alone when they are not in the quote. The quoted flow is (about_t_start, about_flow_hash)
-- when quote_found is 1; else about_flow_hash is the hash that it has, see v_icmp. pairing: 1
-- request, 2 reply, 3 late reply, 4 duplicate of a reply, 5 reply without request, 6 error that
-- quotes a request; 0 what neither asks nor answers. request_n is the message that it belongs to,
-- of this flow or, with 6, of the quoted one. payload_equal tells whether an echo came back as it
-- was sent. The payload is content_bytes of the content of chunk content_n, from content_at.
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
  pairing                 TINYINT UNSIGNED NOT NULL,
  request_n               INT UNSIGNED,
  payload_equal           TINYINT UNSIGNED,
  content_n               INT UNSIGNED NOT NULL,
  content_at              INT UNSIGNED NOT NULL,
  content_bytes           INT UNSIGNED NOT NULL,
  PRIMARY KEY (t_start, flow_hash, n),
  KEY icmp_time (t, t_start, flow_hash, n),
  KEY icmp_about (about_flow_hash, t)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_start) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- Names of ICMP types (code -1) and codes, as the program has them.
CREATE TABLE IF NOT EXISTS icmp_name (
  protocol VARCHAR(8) NOT NULL,
  type     SMALLINT NOT NULL,
  code     SMALLINT NOT NULL,
  name     VARCHAR(64) NOT NULL,
  PRIMARY KEY (protocol, type, code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

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
CREATE TABLE IF NOT EXISTS ledger (
  t_minute  BIGINT NOT NULL,
  sensor_id INT UNSIGNED NOT NULL,
  source    BIGINT UNSIGNED NOT NULL,
  outcome   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  packets   BIGINT UNSIGNED NOT NULL,
  bytes     BIGINT UNSIGNED NOT NULL,
  version   BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (t_minute, sensor_id, source, outcome)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
PARTITION BY RANGE (t_minute) (PARTITION pmax VALUES LESS THAN MAXVALUE);

-- Markers of committed event blocks of runs that go on. Not by day: a run of months may still try
-- its oldest block again, and each removes its own.
CREATE TABLE IF NOT EXISTS batch (
  sensor_id INT UNSIGNED NOT NULL,
  epoch     BIGINT UNSIGNED NOT NULL,
  sequence  BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (sensor_id, epoch, sequence)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Flows that retention leaves, with their content and messages, however old they are.
CREATE TABLE IF NOT EXISTS pin (
  t_start   BIGINT NOT NULL,
  flow_hash BIGINT UNSIGNED NOT NULL,
  t_pinned  BIGINT NOT NULL,
  PRIMARY KEY (t_start, flow_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row: before t_before all but pinned flows has been dropped. The limits are those of the last
-- time; 0 is none.
CREATE TABLE IF NOT EXISTS retention (
  one        TINYINT UNSIGNED NOT NULL,
  t_before   BIGINT NOT NULL,
  keep_days  INT UNSIGNED NOT NULL,
  keep_bytes BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT INTO retention (one, t_before, keep_days, keep_bytes)
VALUES (1, -9223372036854775808, 0, 0) ON DUPLICATE KEY UPDATE one = 1;

-- Who may do what only one may do at a time, until t_until_ms of the server's clock. A row, because
-- a lock by name holds on one node of a cluster only.
CREATE TABLE IF NOT EXISTS lease (
  name       VARCHAR(64) NOT NULL,
  holder     VARCHAR(255) NOT NULL,
  t_until_ms BIGINT NOT NULL,
  PRIMARY KEY (name)
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
    WHEN 1 THEN 'icmp' WHEN 2 THEN 'igmp' WHEN 4 THEN 'ipv4' WHEN 6 THEN 'tcp'
    WHEN 17 THEN 'udp' WHEN 33 THEN 'dccp' WHEN 41 THEN 'ipv6' WHEN 46 THEN 'rsvp'
    WHEN 47 THEN 'gre' WHEN 50 THEN 'esp' WHEN 51 THEN 'ah' WHEN 58 THEN 'icmp6'
    WHEN 88 THEN 'eigrp' WHEN 89 THEN 'ospf' WHEN 103 THEN 'pim' WHEN 112 THEN 'vrrp'
    WHEN 115 THEN 'l2tp' WHEN 132 THEN 'sctp' WHEN 136 THEN 'udplite'
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
FROM (SELECT flow.*, HEX(client) AS c, HEX(server) AS s FROM flow) AS f
LEFT JOIN sensor ON sensor.sensor_id = f.sensor_id;

-- Chunks with their content as it was. What cannot be had back is NULL.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW v_content AS
SELECT t_start, flow_hash, n, version, t_first, turns, content_bytes,
  CASE WHEN LENGTH(content) < content_bytes THEN UNCOMPRESS(content) ELSE content END AS content
FROM chunk;

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
  FROM v_content AS chunk,
    JSON_TABLE(chunk.turns, '$[*]' COLUMNS (
      turn          FOR ORDINALITY,
      side          INT PATH '$[0]',
      dt            BIGINT PATH '$[1]',
      stream_offset BIGINT PATH '$[2]',
      length        BIGINT PATH '$[3]',
      kind          INT PATH '$[4]',
      position      BIGINT PATH '$[5]')) AS j
) AS c;

-- Source and destination of a message are the ends of its flow. An error is about the flow that it
-- quotes: the one that was known when it came; else, of those with that hash, the last that began
-- before it and had a packet in the minute before, or the first that begins in the minute after it,
-- or the same within an hour. payload is what follows the first 8 bytes, as far as it was captured.
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
  i.type,
  COALESCE((SELECT m.name FROM icmp_name AS m
    WHERE m.protocol = f.protocol AND m.type = i.type AND m.code = -1), CONCAT('type ', i.type))
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
  LOWER(CONCAT(LPAD(HEX(CASE WHEN i.quote_found = 1 THEN i.about_t_start
     WHEN i.about_flow_hash <> 0 THEN COALESCE(
       (SELECT MAX(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash
         AND a.t_start <= i.t AND a.t_last >= i.t - 60000000000),
       (SELECT MIN(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash
         AND a.t_start > i.t AND a.t_start <= i.t + 60000000000),
       (SELECT MAX(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash
         AND a.t_start <= i.t AND a.t_last >= i.t - 3600000000000),
       (SELECT MIN(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash
         AND a.t_start > i.t AND a.t_start <= i.t + 3600000000000)) END),
    16, '0'), LPAD(HEX(i.about_flow_hash), 16, '0'))) AS about,
  (SELECT SUBSTR(c.content, i.content_at + 1, i.content_bytes) FROM v_content AS c
    WHERE c.t_start = i.t_start AND c.flow_hash = i.flow_hash AND c.n = i.content_n) AS payload
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
