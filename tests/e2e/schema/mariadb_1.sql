/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `batch` (
  `sensor_id` int(10) unsigned NOT NULL,
  `epoch` bigint(20) unsigned NOT NULL,
  `sequence` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`sensor_id`,`epoch`,`sequence`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `chunk` (
  `t_start` bigint(20) NOT NULL,
  `flow_hash` bigint(20) unsigned NOT NULL,
  `n` int(10) unsigned NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  `t_first` bigint(20) NOT NULL,
  `turns` mediumtext CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `content_bytes` int(10) unsigned NOT NULL,
  `content` longblob NOT NULL,
  PRIMARY KEY (`t_start`,`flow_hash`,`n`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
 PARTITION BY RANGE (`t_start`)
(PARTITION `pmax` VALUES LESS THAN MAXVALUE ENGINE = InnoDB);
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `flow` (
  `t_start` bigint(20) NOT NULL,
  `flow_hash` bigint(20) unsigned NOT NULL,
  `sensor_id` int(10) unsigned NOT NULL,
  `t_last` bigint(20) NOT NULL,
  `protocol` tinyint(3) unsigned NOT NULL,
  `client` binary(16) NOT NULL,
  `client_port` smallint(5) unsigned NOT NULL,
  `server` binary(16) NOT NULL,
  `server_port` smallint(5) unsigned NOT NULL,
  `state` tinyint(3) unsigned NOT NULL,
  `flags` smallint(5) unsigned NOT NULL,
  `vlan` smallint(5) unsigned NOT NULL,
  `tunnel` tinyint(3) unsigned NOT NULL,
  `tunnel_id` int(10) unsigned NOT NULL,
  `icmp_type` tinyint(3) unsigned NOT NULL,
  `icmp_code` tinyint(3) unsigned NOT NULL,
  `community_id` varchar(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `client_packets` bigint(20) unsigned NOT NULL,
  `client_ip_bytes` bigint(20) unsigned NOT NULL,
  `client_bytes` bigint(20) unsigned NOT NULL,
  `client_gap_bytes` bigint(20) unsigned NOT NULL,
  `client_duplicate_bytes` bigint(20) unsigned NOT NULL,
  `client_conflict_bytes` bigint(20) unsigned NOT NULL,
  `client_refused_bytes` bigint(20) unsigned NOT NULL,
  `client_urgent_bytes` bigint(20) unsigned NOT NULL,
  `client_shed_bytes` bigint(20) unsigned NOT NULL,
  `server_packets` bigint(20) unsigned NOT NULL,
  `server_ip_bytes` bigint(20) unsigned NOT NULL,
  `server_bytes` bigint(20) unsigned NOT NULL,
  `server_gap_bytes` bigint(20) unsigned NOT NULL,
  `server_duplicate_bytes` bigint(20) unsigned NOT NULL,
  `server_conflict_bytes` bigint(20) unsigned NOT NULL,
  `server_refused_bytes` bigint(20) unsigned NOT NULL,
  `server_urgent_bytes` bigint(20) unsigned NOT NULL,
  `server_shed_bytes` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`t_start`,`flow_hash`),
  KEY `flow_client` (`client`,`t_start`,`flow_hash`),
  KEY `flow_server` (`server`,`t_start`,`flow_hash`),
  KEY `flow_server_port` (`server_port`,`t_start`,`flow_hash`,`client_port`),
  KEY `flow_flow_hash` (`flow_hash`,`t_start`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
 PARTITION BY RANGE (`t_start`)
(PARTITION `pmax` VALUES LESS THAN MAXVALUE ENGINE = InnoDB);
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `flow_part` (
  `t_part` bigint(20) NOT NULL,
  `sensor_id` int(10) unsigned NOT NULL,
  `writes` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`t_part`,`sensor_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
 PARTITION BY RANGE (`t_part`)
(PARTITION `pmax` VALUES LESS THAN MAXVALUE ENGINE = InnoDB);
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `icmp` (
  `t_start` bigint(20) NOT NULL,
  `flow_hash` bigint(20) unsigned NOT NULL,
  `n` int(10) unsigned NOT NULL,
  `t` bigint(20) NOT NULL,
  `side` tinyint(3) unsigned NOT NULL,
  `type` tinyint(3) unsigned NOT NULL,
  `code` tinyint(3) unsigned NOT NULL,
  `ident` smallint(5) unsigned NOT NULL,
  `seq` smallint(5) unsigned NOT NULL,
  `rest` int(10) unsigned NOT NULL,
  `payload_bytes` int(10) unsigned NOT NULL,
  `rtt` bigint(20) DEFAULT NULL,
  `quoted_protocol` tinyint(3) unsigned DEFAULT NULL,
  `quoted_source` binary(16) DEFAULT NULL,
  `quoted_source_port` smallint(5) unsigned DEFAULT NULL,
  `quoted_destination` binary(16) DEFAULT NULL,
  `quoted_destination_port` smallint(5) unsigned DEFAULT NULL,
  `about_t_start` bigint(20) NOT NULL,
  `about_flow_hash` bigint(20) unsigned NOT NULL,
  `quote_found` tinyint(3) unsigned NOT NULL,
  `pairing` tinyint(3) unsigned NOT NULL,
  `request_n` int(10) unsigned DEFAULT NULL,
  `payload_equal` tinyint(3) unsigned DEFAULT NULL,
  `content_n` int(10) unsigned NOT NULL,
  `content_at` int(10) unsigned NOT NULL,
  `content_bytes` int(10) unsigned NOT NULL,
  PRIMARY KEY (`t_start`,`flow_hash`,`n`),
  KEY `icmp_time` (`t`,`t_start`,`flow_hash`,`n`),
  KEY `icmp_about` (`about_flow_hash`,`t`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
 PARTITION BY RANGE (`t_start`)
(PARTITION `pmax` VALUES LESS THAN MAXVALUE ENGINE = InnoDB);
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `icmp_name` (
  `protocol` varchar(8) NOT NULL,
  `type` smallint(6) NOT NULL,
  `code` smallint(6) NOT NULL,
  `name` varchar(64) NOT NULL,
  PRIMARY KEY (`protocol`,`type`,`code`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `lease` (
  `name` varchar(64) NOT NULL,
  `holder` varchar(255) NOT NULL,
  `t_until_ms` bigint(20) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `ledger` (
  `t_minute` bigint(20) NOT NULL,
  `sensor_id` int(10) unsigned NOT NULL,
  `source` bigint(20) unsigned NOT NULL,
  `outcome` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `packets` bigint(20) unsigned NOT NULL,
  `bytes` bigint(20) unsigned NOT NULL,
  `version` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`t_minute`,`sensor_id`,`source`,`outcome`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin
 PARTITION BY RANGE (`t_minute`)
(PARTITION `pmax` VALUES LESS THAN MAXVALUE ENGINE = InnoDB);
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `pin` (
  `t_start` bigint(20) NOT NULL,
  `flow_hash` bigint(20) unsigned NOT NULL,
  `t_pinned` bigint(20) NOT NULL,
  PRIMARY KEY (`t_start`,`flow_hash`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `retention` (
  `one` tinyint(3) unsigned NOT NULL,
  `t_before` bigint(20) NOT NULL,
  `keep_days` int(10) unsigned NOT NULL,
  `keep_bytes` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`one`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `schema_version` (
  `version` int(11) NOT NULL,
  PRIMARY KEY (`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `sensor` (
  `sensor_id` int(10) unsigned NOT NULL,
  `name` varchar(255) NOT NULL,
  `t_status` bigint(20) DEFAULT NULL,
  `status` text DEFAULT NULL,
  PRIMARY KEY (`sensor_id`),
  UNIQUE KEY `sensor_name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
SET @saved_cs_client     = @@character_set_client;
SET character_set_client = utf8mb4;
/*!50001 CREATE VIEW `v_content` AS SELECT
 NULL AS `t_start`,
 NULL AS `flow_hash`,
 NULL AS `n`,
 NULL AS `version`,
 NULL AS `t_first`,
 NULL AS `turns`,
 NULL AS `content_bytes`,
 NULL AS `content` */;
SET character_set_client = @saved_cs_client;
SET @saved_cs_client     = @@character_set_client;
SET character_set_client = utf8mb4;
/*!50001 CREATE VIEW `v_flow` AS SELECT
 NULL AS `id`,
 NULL AS `t_start`,
 NULL AS `t_last`,
 NULL AS `sensor`,
 NULL AS `start_time`,
 NULL AS `end_time`,
 NULL AS `protocol`,
 NULL AS `client`,
 NULL AS `client_port`,
 NULL AS `server`,
 NULL AS `server_port`,
 NULL AS `state`,
 NULL AS `flags`,
 NULL AS `vlan`,
 NULL AS `tunnel`,
 NULL AS `tunnel_id`,
 NULL AS `icmp_type`,
 NULL AS `icmp_code`,
 NULL AS `community_id`,
 NULL AS `client_packets`,
 NULL AS `client_ip_bytes`,
 NULL AS `client_bytes`,
 NULL AS `client_gap_bytes`,
 NULL AS `client_duplicate_bytes`,
 NULL AS `client_conflict_bytes`,
 NULL AS `client_refused_bytes`,
 NULL AS `client_urgent_bytes`,
 NULL AS `client_shed_bytes`,
 NULL AS `server_packets`,
 NULL AS `server_ip_bytes`,
 NULL AS `server_bytes`,
 NULL AS `server_gap_bytes`,
 NULL AS `server_duplicate_bytes`,
 NULL AS `server_conflict_bytes`,
 NULL AS `server_refused_bytes`,
 NULL AS `server_urgent_bytes`,
 NULL AS `server_shed_bytes` */;
SET character_set_client = @saved_cs_client;
SET @saved_cs_client     = @@character_set_client;
SET character_set_client = utf8mb4;
/*!50001 CREATE VIEW `v_icmp` AS SELECT
 NULL AS `id`,
 NULL AS `t_start`,
 NULL AS `n`,
 NULL AS `t`,
 NULL AS `time`,
 NULL AS `sensor`,
 NULL AS `protocol`,
 NULL AS `source`,
 NULL AS `destination`,
 NULL AS `side`,
 NULL AS `type`,
 NULL AS `type_name`,
 NULL AS `code`,
 NULL AS `code_name`,
 NULL AS `ident`,
 NULL AS `seq`,
 NULL AS `rest`,
 NULL AS `payload_bytes`,
 NULL AS `rtt`,
 NULL AS `pairing`,
 NULL AS `request_n`,
 NULL AS `payload_equal`,
 NULL AS `quoted_protocol`,
 NULL AS `quoted_source`,
 NULL AS `quoted_source_port`,
 NULL AS `quoted_destination`,
 NULL AS `quoted_destination_port`,
 NULL AS `about`,
 NULL AS `payload` */;
SET character_set_client = @saved_cs_client;
SET @saved_cs_client     = @@character_set_client;
SET character_set_client = utf8mb4;
/*!50001 CREATE VIEW `v_ledger` AS SELECT
 NULL AS `t_minute`,
 NULL AS `time`,
 NULL AS `sensor`,
 NULL AS `outcome`,
 NULL AS `packets`,
 NULL AS `bytes` */;
SET character_set_client = @saved_cs_client;
SET @saved_cs_client     = @@character_set_client;
SET character_set_client = utf8mb4;
/*!50001 CREATE VIEW `v_turn` AS SELECT
 NULL AS `id`,
 NULL AS `t_start`,
 NULL AS `n`,
 NULL AS `turn`,
 NULL AS `t`,
 NULL AS `time`,
 NULL AS `side`,
 NULL AS `kind`,
 NULL AS `stream_offset`,
 NULL AS `length`,
 NULL AS `bytes` */;
SET character_set_client = @saved_cs_client;
/*!50001 DROP VIEW IF EXISTS `v_content`*/;
/*!50001 SET @saved_cs_client          = @@character_set_client */;
/*!50001 SET @saved_cs_results         = @@character_set_results */;
/*!50001 SET @saved_col_connection     = @@collation_connection */;
/*!50001 SET character_set_client      = utf8mb4 */;
/*!50001 SET character_set_results     = utf8mb4 */;
/*!50001 SET collation_connection      = utf8mb4_general_ci */;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY INVOKER */
/*!50001 VIEW `v_content` AS select `chunk`.`t_start` AS `t_start`,`chunk`.`flow_hash` AS `flow_hash`,`chunk`.`n` AS `n`,`chunk`.`version` AS `version`,`chunk`.`t_first` AS `t_first`,`chunk`.`turns` AS `turns`,`chunk`.`content_bytes` AS `content_bytes`,case when octet_length(`chunk`.`content`) < `chunk`.`content_bytes` then uncompress(`chunk`.`content`) else `chunk`.`content` end AS `content` from `chunk` */;
/*!50001 SET character_set_client      = @saved_cs_client */;
/*!50001 SET character_set_results     = @saved_cs_results */;
/*!50001 SET collation_connection      = @saved_col_connection */;
/*!50001 DROP VIEW IF EXISTS `v_flow`*/;
/*!50001 SET @saved_cs_client          = @@character_set_client */;
/*!50001 SET @saved_cs_results         = @@character_set_results */;
/*!50001 SET @saved_col_connection     = @@collation_connection */;
/*!50001 SET character_set_client      = utf8mb4 */;
/*!50001 SET character_set_results     = utf8mb4 */;
/*!50001 SET collation_connection      = utf8mb4_general_ci */;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY INVOKER */
/*!50001 VIEW `v_flow` AS select lcase(concat(lpad(hex(`f`.`t_start`),16,'0'),lpad(hex(`f`.`flow_hash`),16,'0'))) AS `id`,`f`.`t_start` AS `t_start`,`f`.`t_last` AS `t_last`,`sensor`.`name` AS `sensor`,concat(date_format('1970-01-01' + interval (`f`.`t_start` - (`f`.`t_start` MOD 1000000000 + 1000000000) MOD 1000000000) DIV 1000000000 second,'%Y-%m-%d %H:%i:%s'),'.',lpad((`f`.`t_start` MOD 1000000000 + 1000000000) MOD 1000000000,9,'0')) AS `start_time`,concat(date_format('1970-01-01' + interval (`f`.`t_last` - (`f`.`t_last` MOD 1000000000 + 1000000000) MOD 1000000000) DIV 1000000000 second,'%Y-%m-%d %H:%i:%s'),'.',lpad((`f`.`t_last` MOD 1000000000 + 1000000000) MOD 1000000000,9,'0')) AS `end_time`,case `f`.`protocol` when 1 then 'icmp' when 2 then 'igmp' when 4 then 'ipv4' when 6 then 'tcp' when 17 then 'udp' when 33 then 'dccp' when 41 then 'ipv6' when 46 then 'rsvp' when 47 then 'gre' when 50 then 'esp' when 51 then 'ah' when 58 then 'icmp6' when 88 then 'eigrp' when 89 then 'ospf' when 103 then 'pim' when 112 then 'vrrp' when 115 then 'l2tp' when 132 then 'sctp' when 136 then 'udplite' else cast(`f`.`protocol` as char charset utf8mb4) end AS `protocol`,case when left(`f`.`c`,24) = '00000000000000000000FFFF' then inet_ntoa(conv(substr(`f`.`c`,25,8),16,10)) when `f`.`c` is not null then lcase(concat_ws(':',substr(`f`.`c`,1,4),substr(`f`.`c`,5,4),substr(`f`.`c`,9,4),substr(`f`.`c`,13,4),substr(`f`.`c`,17,4),substr(`f`.`c`,21,4),substr(`f`.`c`,25,4),substr(`f`.`c`,29,4))) end AS `client`,`f`.`client_port` AS `client_port`,case when left(`f`.`s`,24) = '00000000000000000000FFFF' then inet_ntoa(conv(substr(`f`.`s`,25,8),16,10)) when `f`.`s` is not null then lcase(concat_ws(':',substr(`f`.`s`,1,4),substr(`f`.`s`,5,4),substr(`f`.`s`,9,4),substr(`f`.`s`,13,4),substr(`f`.`s`,17,4),substr(`f`.`s`,21,4),substr(`f`.`s`,25,4),substr(`f`.`s`,29,4))) end AS `server`,`f`.`server_port` AS `server_port`,case `f`.`state` when 0 then 'attempt' when 1 then 'one-way' when 2 then 'two-way' when 3 then 'established' when 4 then 'closing' when 5 then 'closed' when 6 then 'reset' when 7 then 'rejected' end AS `state`,`f`.`flags` AS `flags`,`f`.`vlan` AS `vlan`,case `f`.`tunnel` when 0 then '' when 1 then 'mpls' when 2 then 'pppoe' when 3 then 'nsh' when 4 then 'ipip' when 5 then 'gre' when 6 then 'pptp' when 7 then 'erspan' when 8 then 'l2tp' when 9 then 'teredo' when 10 then 'ayiya' when 11 then 'vxlan' when 12 then 'geneve' when 13 then 'gtp' when 14 then 'capwap' end AS `tunnel`,`f`.`tunnel_id` AS `tunnel_id`,`f`.`icmp_type` AS `icmp_type`,`f`.`icmp_code` AS `icmp_code`,`f`.`community_id` AS `community_id`,`f`.`client_packets` AS `client_packets`,`f`.`client_ip_bytes` AS `client_ip_bytes`,`f`.`client_bytes` AS `client_bytes`,`f`.`client_gap_bytes` AS `client_gap_bytes`,`f`.`client_duplicate_bytes` AS `client_duplicate_bytes`,`f`.`client_conflict_bytes` AS `client_conflict_bytes`,`f`.`client_refused_bytes` AS `client_refused_bytes`,`f`.`client_urgent_bytes` AS `client_urgent_bytes`,`f`.`client_shed_bytes` AS `client_shed_bytes`,`f`.`server_packets` AS `server_packets`,`f`.`server_ip_bytes` AS `server_ip_bytes`,`f`.`server_bytes` AS `server_bytes`,`f`.`server_gap_bytes` AS `server_gap_bytes`,`f`.`server_duplicate_bytes` AS `server_duplicate_bytes`,`f`.`server_conflict_bytes` AS `server_conflict_bytes`,`f`.`server_refused_bytes` AS `server_refused_bytes`,`f`.`server_urgent_bytes` AS `server_urgent_bytes`,`f`.`server_shed_bytes` AS `server_shed_bytes` from ((select `flow`.`t_start` AS `t_start`,`flow`.`flow_hash` AS `flow_hash`,`flow`.`sensor_id` AS `sensor_id`,`flow`.`t_last` AS `t_last`,`flow`.`protocol` AS `protocol`,`flow`.`client` AS `client`,`flow`.`client_port` AS `client_port`,`flow`.`server` AS `server`,`flow`.`server_port` AS `server_port`,`flow`.`state` AS `state`,`flow`.`flags` AS `flags`,`flow`.`vlan` AS `vlan`,`flow`.`tunnel` AS `tunnel`,`flow`.`tunnel_id` AS `tunnel_id`,`flow`.`icmp_type` AS `icmp_type`,`flow`.`icmp_code` AS `icmp_code`,`flow`.`community_id` AS `community_id`,`flow`.`client_packets` AS `client_packets`,`flow`.`client_ip_bytes` AS `client_ip_bytes`,`flow`.`client_bytes` AS `client_bytes`,`flow`.`client_gap_bytes` AS `client_gap_bytes`,`flow`.`client_duplicate_bytes` AS `client_duplicate_bytes`,`flow`.`client_conflict_bytes` AS `client_conflict_bytes`,`flow`.`client_refused_bytes` AS `client_refused_bytes`,`flow`.`client_urgent_bytes` AS `client_urgent_bytes`,`flow`.`client_shed_bytes` AS `client_shed_bytes`,`flow`.`server_packets` AS `server_packets`,`flow`.`server_ip_bytes` AS `server_ip_bytes`,`flow`.`server_bytes` AS `server_bytes`,`flow`.`server_gap_bytes` AS `server_gap_bytes`,`flow`.`server_duplicate_bytes` AS `server_duplicate_bytes`,`flow`.`server_conflict_bytes` AS `server_conflict_bytes`,`flow`.`server_refused_bytes` AS `server_refused_bytes`,`flow`.`server_urgent_bytes` AS `server_urgent_bytes`,`flow`.`server_shed_bytes` AS `server_shed_bytes`,hex(`flow`.`client`) AS `c`,hex(`flow`.`server`) AS `s` from `flow`) `f` left join `sensor` on(`sensor`.`sensor_id` = `f`.`sensor_id`)) */;
/*!50001 SET character_set_client      = @saved_cs_client */;
/*!50001 SET character_set_results     = @saved_cs_results */;
/*!50001 SET collation_connection      = @saved_col_connection */;
/*!50001 DROP VIEW IF EXISTS `v_icmp`*/;
/*!50001 SET @saved_cs_client          = @@character_set_client */;
/*!50001 SET @saved_cs_results         = @@character_set_results */;
/*!50001 SET @saved_col_connection     = @@collation_connection */;
/*!50001 SET character_set_client      = utf8mb4 */;
/*!50001 SET character_set_results     = utf8mb4 */;
/*!50001 SET collation_connection      = utf8mb4_general_ci */;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY INVOKER */
/*!50001 VIEW `v_icmp` AS select `f`.`id` AS `id`,`i`.`t_start` AS `t_start`,`i`.`n` AS `n`,`i`.`t` AS `t`,concat(date_format('1970-01-01' + interval (`i`.`t` - (`i`.`t` MOD 1000000000 + 1000000000) MOD 1000000000) DIV 1000000000 second,'%Y-%m-%d %H:%i:%s'),'.',lpad((`i`.`t` MOD 1000000000 + 1000000000) MOD 1000000000,9,'0')) AS `time`,`f`.`sensor` AS `sensor`,`f`.`protocol` AS `protocol`,case `i`.`side` when 0 then `f`.`client` else `f`.`server` end AS `source`,case `i`.`side` when 0 then `f`.`server` else `f`.`client` end AS `destination`,case `i`.`side` when 0 then 'client' else 'server' end AS `side`,`i`.`type` AS `type`,coalesce((select `m`.`name` from `icmp_name` `m` where `m`.`protocol` = `f`.`protocol` and `m`.`type` = `i`.`type` and `m`.`code` = -1),concat('type ',`i`.`type`)) AS `type_name`,`i`.`code` AS `code`,(select `m`.`name` from `icmp_name` `m` where `m`.`protocol` = `f`.`protocol` and `m`.`type` = `i`.`type` and `m`.`code` = `i`.`code`) AS `code_name`,`i`.`ident` AS `ident`,`i`.`seq` AS `seq`,`i`.`rest` AS `rest`,`i`.`payload_bytes` AS `payload_bytes`,`i`.`rtt` AS `rtt`,case `i`.`pairing` when 1 then 'request' when 2 then 'reply' when 3 then 'late' when 4 then 'duplicate' when 5 then 'stray' when 6 then 'error' end AS `pairing`,`i`.`request_n` AS `request_n`,`i`.`payload_equal` AS `payload_equal`,case `i`.`quoted_protocol` when 1 then 'icmp' when 2 then 'igmp' when 4 then 'ipv4' when 6 then 'tcp' when 17 then 'udp' when 33 then 'dccp' when 41 then 'ipv6' when 46 then 'rsvp' when 47 then 'gre' when 50 then 'esp' when 51 then 'ah' when 58 then 'icmp6' when 88 then 'eigrp' when 89 then 'ospf' when 103 then 'pim' when 112 then 'vrrp' when 115 then 'l2tp' when 132 then 'sctp' when 136 then 'udplite' else cast(`i`.`quoted_protocol` as char charset utf8mb4) end AS `quoted_protocol`,case when left(`i`.`q_src`,24) = '00000000000000000000FFFF' then inet_ntoa(conv(substr(`i`.`q_src`,25,8),16,10)) when `i`.`q_src` is not null then lcase(concat_ws(':',substr(`i`.`q_src`,1,4),substr(`i`.`q_src`,5,4),substr(`i`.`q_src`,9,4),substr(`i`.`q_src`,13,4),substr(`i`.`q_src`,17,4),substr(`i`.`q_src`,21,4),substr(`i`.`q_src`,25,4),substr(`i`.`q_src`,29,4))) end AS `quoted_source`,`i`.`quoted_source_port` AS `quoted_source_port`,case when left(`i`.`q_dst`,24) = '00000000000000000000FFFF' then inet_ntoa(conv(substr(`i`.`q_dst`,25,8),16,10)) when `i`.`q_dst` is not null then lcase(concat_ws(':',substr(`i`.`q_dst`,1,4),substr(`i`.`q_dst`,5,4),substr(`i`.`q_dst`,9,4),substr(`i`.`q_dst`,13,4),substr(`i`.`q_dst`,17,4),substr(`i`.`q_dst`,21,4),substr(`i`.`q_dst`,25,4),substr(`i`.`q_dst`,29,4))) end AS `quoted_destination`,`i`.`quoted_destination_port` AS `quoted_destination_port`,lcase(concat(lpad(hex(case when `i`.`quote_found` = 1 then `i`.`about_t_start` when `i`.`about_flow_hash` <> 0 then coalesce((select max(`a`.`t_start`) from `flow` `a` where `a`.`flow_hash` = `i`.`about_flow_hash` and `a`.`t_start` <= `i`.`t` and `a`.`t_last` >= `i`.`t` - 60000000000),(select min(`a`.`t_start`) from `flow` `a` where `a`.`flow_hash` = `i`.`about_flow_hash` and `a`.`t_start` > `i`.`t` and `a`.`t_start` <= `i`.`t` + 60000000000),(select max(`a`.`t_start`) from `flow` `a` where `a`.`flow_hash` = `i`.`about_flow_hash` and `a`.`t_start` <= `i`.`t` and `a`.`t_last` >= `i`.`t` - 3600000000000),(select min(`a`.`t_start`) from `flow` `a` where `a`.`flow_hash` = `i`.`about_flow_hash` and `a`.`t_start` > `i`.`t` and `a`.`t_start` <= `i`.`t` + 3600000000000)) end),16,'0'),lpad(hex(`i`.`about_flow_hash`),16,'0'))) AS `about`,(select substr(`c`.`content`,`i`.`content_at` + 1,`i`.`content_bytes`) from `v_content` `c` where `c`.`t_start` = `i`.`t_start` and `c`.`flow_hash` = `i`.`flow_hash` and `c`.`n` = `i`.`content_n`) AS `payload` from ((select `icmp`.`t_start` AS `t_start`,`icmp`.`flow_hash` AS `flow_hash`,`icmp`.`n` AS `n`,`icmp`.`t` AS `t`,`icmp`.`side` AS `side`,`icmp`.`type` AS `type`,`icmp`.`code` AS `code`,`icmp`.`ident` AS `ident`,`icmp`.`seq` AS `seq`,`icmp`.`rest` AS `rest`,`icmp`.`payload_bytes` AS `payload_bytes`,`icmp`.`rtt` AS `rtt`,`icmp`.`quoted_protocol` AS `quoted_protocol`,`icmp`.`quoted_source` AS `quoted_source`,`icmp`.`quoted_source_port` AS `quoted_source_port`,`icmp`.`quoted_destination` AS `quoted_destination`,`icmp`.`quoted_destination_port` AS `quoted_destination_port`,`icmp`.`about_t_start` AS `about_t_start`,`icmp`.`about_flow_hash` AS `about_flow_hash`,`icmp`.`quote_found` AS `quote_found`,`icmp`.`pairing` AS `pairing`,`icmp`.`request_n` AS `request_n`,`icmp`.`payload_equal` AS `payload_equal`,`icmp`.`content_n` AS `content_n`,`icmp`.`content_at` AS `content_at`,`icmp`.`content_bytes` AS `content_bytes`,hex(`icmp`.`quoted_source`) AS `q_src`,hex(`icmp`.`quoted_destination`) AS `q_dst` from `icmp`) `i` join `v_flow` `f` on(`f`.`t_start` = `i`.`t_start` and `f`.`id` = lcase(concat(lpad(hex(`i`.`t_start`),16,'0'),lpad(hex(`i`.`flow_hash`),16,'0'))))) */;
/*!50001 SET character_set_client      = @saved_cs_client */;
/*!50001 SET character_set_results     = @saved_cs_results */;
/*!50001 SET collation_connection      = @saved_col_connection */;
/*!50001 DROP VIEW IF EXISTS `v_ledger`*/;
/*!50001 SET @saved_cs_client          = @@character_set_client */;
/*!50001 SET @saved_cs_results         = @@character_set_results */;
/*!50001 SET @saved_col_connection     = @@collation_connection */;
/*!50001 SET character_set_client      = utf8mb4 */;
/*!50001 SET character_set_results     = utf8mb4 */;
/*!50001 SET collation_connection      = utf8mb4_general_ci */;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY INVOKER */
/*!50001 VIEW `v_ledger` AS select `l`.`t_minute` AS `t_minute`,concat(date_format('1970-01-01' + interval (`l`.`t_minute` - (`l`.`t_minute` MOD 1000000000 + 1000000000) MOD 1000000000) DIV 1000000000 second,'%Y-%m-%d %H:%i:%s'),'.',lpad((`l`.`t_minute` MOD 1000000000 + 1000000000) MOD 1000000000,9,'0')) AS `time`,`sensor`.`name` AS `sensor`,`l`.`outcome` AS `outcome`,sum(`l`.`packets`) AS `packets`,sum(`l`.`bytes`) AS `bytes` from (`ledger` `l` left join `sensor` on(`sensor`.`sensor_id` = `l`.`sensor_id`)) group by `l`.`t_minute`,`sensor`.`name`,`l`.`outcome` */;
/*!50001 SET character_set_client      = @saved_cs_client */;
/*!50001 SET character_set_results     = @saved_cs_results */;
/*!50001 SET collation_connection      = @saved_col_connection */;
/*!50001 DROP VIEW IF EXISTS `v_turn`*/;
/*!50001 SET @saved_cs_client          = @@character_set_client */;
/*!50001 SET @saved_cs_results         = @@character_set_results */;
/*!50001 SET @saved_col_connection     = @@collation_connection */;
/*!50001 SET character_set_client      = utf8mb4 */;
/*!50001 SET character_set_results     = utf8mb4 */;
/*!50001 SET collation_connection      = utf8mb4_general_ci */;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`root`@`localhost` SQL SECURITY INVOKER */
/*!50001 VIEW `v_turn` AS select lcase(concat(lpad(hex(`c`.`t_start`),16,'0'),lpad(hex(`c`.`flow_hash`),16,'0'))) AS `id`,`c`.`t_start` AS `t_start`,`c`.`n` AS `n`,`c`.`turn` AS `turn`,`c`.`t` AS `t`,concat(date_format('1970-01-01' + interval (`c`.`t` - (`c`.`t` MOD 1000000000 + 1000000000) MOD 1000000000) DIV 1000000000 second,'%Y-%m-%d %H:%i:%s'),'.',lpad((`c`.`t` MOD 1000000000 + 1000000000) MOD 1000000000,9,'0')) AS `time`,case `c`.`side` when 0 then 'client' else 'server' end AS `side`,case `c`.`kind` when 0 then 'data' when 1 then 'gap' when 2 then 'datagram' when 3 then 'conflict' when 4 then 'urgent' end AS `kind`,`c`.`stream_offset` AS `stream_offset`,`c`.`length` AS `length`,case `c`.`kind` when 1 then NULL else substr(`c`.`content`,`c`.`position` + 1,`c`.`length`) end AS `bytes` from (select `chunk`.`t_start` AS `t_start`,`chunk`.`flow_hash` AS `flow_hash`,`chunk`.`n` AS `n`,`chunk`.`content` AS `content`,`j`.`turn` - 1 AS `turn`,`chunk`.`t_start` + `j`.`dt` AS `t`,`j`.`side` AS `side`,`j`.`stream_offset` AS `stream_offset`,`j`.`length` AS `length`,`j`.`kind` AS `kind`,`j`.`position` AS `position` from (`v_content` `chunk` join JSON_TABLE(`chunk`.`turns`, '$[*]' COLUMNS (`turn` FOR ORDINALITY, `side` int(11) PATH '$[0]', `dt` bigint(20) PATH '$[1]', `stream_offset` bigint(20) PATH '$[2]', `length` bigint(20) PATH '$[3]', `kind` int(11) PATH '$[4]', `position` bigint(20) PATH '$[5]')) `j`)) `c` */;
/*!50001 SET character_set_client      = @saved_cs_client */;
/*!50001 SET character_set_results     = @saved_cs_results */;
/*!50001 SET collation_connection      = @saved_col_connection */;
INSERT INTO `schema_version` VALUES
(1);
INSERT INTO `retention` VALUES
(1,-9223372036854775808,0,0);
