// The columns of each table in the order in which rows are written and read: the one place that
// knows it. `Emit` has Signed(), Unsigned(), Bytes(), Text(), Kept() and Null(), one call a column;
// what it is given lives until the row is finished, bytes that are Kept() as long as the block.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "dfc/event.h"

namespace dfc {

inline constexpr const char* kFlowColumns[] = {"t_start",
                                               "flow_hash",
                                               "sensor_id",
                                               "t_last",
                                               "protocol",
                                               "client",
                                               "client_port",
                                               "server",
                                               "server_port",
                                               "state",
                                               "flags",
                                               "vlan",
                                               "tunnel",
                                               "tunnel_id",
                                               "icmp_type",
                                               "icmp_code",
                                               "community_id",
                                               "client_packets",
                                               "client_ip_bytes",
                                               "client_bytes",
                                               "client_gap_bytes",
                                               "client_duplicate_bytes",
                                               "client_conflict_bytes",
                                               "client_refused_bytes",
                                               "client_urgent_bytes",
                                               "client_shed_bytes",
                                               "server_packets",
                                               "server_ip_bytes",
                                               "server_bytes",
                                               "server_gap_bytes",
                                               "server_duplicate_bytes",
                                               "server_conflict_bytes",
                                               "server_refused_bytes",
                                               "server_urgent_bytes",
                                               "server_shed_bytes"};

inline constexpr const char* kChunkColumns[] = {
    "t_start", "flow_hash", "n", "version", "t_first", "turns", "content_bytes", "content"};

inline constexpr const char* kIcmpColumns[] = {"t_start",
                                               "flow_hash",
                                               "n",
                                               "t",
                                               "side",
                                               "type",
                                               "code",
                                               "ident",
                                               "seq",
                                               "rest",
                                               "payload_bytes",
                                               "rtt",
                                               "quoted_protocol",
                                               "quoted_source",
                                               "quoted_source_port",
                                               "quoted_destination",
                                               "quoted_destination_port",
                                               "about_t_start",
                                               "about_flow_hash",
                                               "quote_found",
                                               "pairing",
                                               "request_n",
                                               "payload_equal",
                                               "content_n",
                                               "content_at",
                                               "content_bytes"};

// The flow that ICMP message `i` is about, by its t_start: the one that was known when the message
// came. Else, of those with the quoted hash, the last that began before it and had a packet in the
// minute before, or the first that begins in the minute after it, or the same within an hour, which
// is the longest that a flow may be idle. NULL when there is none. The same as in view v_icmp.
inline constexpr const char* kIcmpAbout =
    "CASE WHEN i.quote_found = 1 THEN i.about_t_start WHEN i.about_flow_hash <> 0 THEN COALESCE("
    "(SELECT MAX(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash"
    " AND a.t_start <= i.t AND a.t_last >= i.t - 60000000000),"
    "(SELECT MIN(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash"
    " AND a.t_start > i.t AND a.t_start <= i.t + 60000000000),"
    "(SELECT MAX(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash"
    " AND a.t_start <= i.t AND a.t_last >= i.t - 3600000000000),"
    "(SELECT MIN(a.t_start) FROM flow AS a WHERE a.flow_hash = i.about_flow_hash"
    " AND a.t_start > i.t AND a.t_start <= i.t + 3600000000000)) END";

// Holds for those messages `i` that are about the flow with this key. The index icmp_about has the
// rows that quote something, hence the second part.
inline std::string IcmpErrorAbout(std::string_view t_start, std::string_view flow_hash) {
  return fmt::format(
      "i.about_flow_hash = {} AND i.quoted_protocol IS NOT NULL AND COALESCE({}, 0) = {}",
      flow_hash, kIcmpAbout, t_start);
}

inline constexpr const char* kLedgerColumns[] = {"t_minute", "sensor_id", "source", "outcome",
                                                 "packets",  "bytes",     "version"};

template <typename Emit>
void EmitCounts(const SideCounts& counts, Emit& emit) {
  emit.Unsigned(counts.packets);
  emit.Unsigned(counts.ip_bytes);
  emit.Unsigned(counts.content_bytes);
  emit.Unsigned(counts.gap_bytes);
  emit.Unsigned(counts.duplicate_bytes);
  emit.Unsigned(counts.conflict_bytes);
  emit.Unsigned(counts.refused_bytes);
  emit.Unsigned(counts.urgent_bytes);
  emit.Unsigned(counts.shed_bytes);
}

template <typename Emit>
void EmitFlow(const FlowRow& row, uint32_t sensor_id, const std::string& community_id, Emit& emit) {
  emit.Signed(row.id.t_start_ns);
  emit.Unsigned(row.id.flow_hash);
  emit.Unsigned(sensor_id);
  emit.Signed(row.t_last_ns);
  emit.Unsigned(row.protocol);
  emit.Bytes(row.client.bytes);
  emit.Unsigned(row.client_port);
  emit.Bytes(row.server.bytes);
  emit.Unsigned(row.server_port);
  emit.Unsigned(static_cast<uint8_t>(row.state));
  emit.Unsigned(row.flags);
  emit.Unsigned(row.vlan);
  emit.Unsigned(static_cast<uint8_t>(row.tunnel.kind));
  emit.Unsigned(row.tunnel.id);
  emit.Unsigned(row.icmp_type);
  emit.Unsigned(row.icmp_code);
  emit.Text(community_id);
  EmitCounts(row.counts[0], emit);
  EmitCounts(row.counts[1], emit);
}

// `turns` is the whole JSON array; `content` may be shorter than the row's, when it is compressed.
template <typename Emit>
void EmitChunk(const ChunkRow& row, std::string_view turns, ByteSpan content, Emit& emit) {
  emit.Signed(row.id.t_start_ns);
  emit.Unsigned(row.id.flow_hash);
  emit.Unsigned(row.n);
  emit.Unsigned(row.version);
  emit.Signed(row.t_first_ns);
  emit.Text(turns);
  emit.Unsigned(row.content_bytes);
  emit.Kept(content);
}

template <typename Emit>
void EmitQuote(const IcmpRow& row, Emit& emit) {
  emit.Unsigned(row.quoted.protocol);
  emit.Bytes(row.quoted.source.bytes);
  row.quote_cut ? emit.Null() : emit.Unsigned(row.quoted.source_port);
  emit.Bytes(row.quoted.destination.bytes);
  row.quote_cut ? emit.Null() : emit.Unsigned(row.quoted.destination_port);
}

template <typename Emit>
void EmitIcmpPair(const IcmpRow& row, Emit& emit) {
  emit.Unsigned(static_cast<uint8_t>(row.pairing));
  row.request_n == kNoIcmpMessage ? emit.Null() : emit.Unsigned(row.request_n);
  if (row.payload == IcmpPayload::kUnknown) {
    emit.Null();
  } else {
    emit.Unsigned(row.payload == IcmpPayload::kEqual ? 1 : 0);
  }
  emit.Unsigned(row.content_n);
  emit.Unsigned(row.content_at);
  emit.Unsigned(row.content_bytes);
}

template <typename Emit>
void EmitIcmp(const IcmpRow& row, Emit& emit) {
  emit.Signed(row.id.t_start_ns);
  emit.Unsigned(row.id.flow_hash);
  emit.Unsigned(row.n);
  emit.Signed(row.t_ns);
  emit.Unsigned(static_cast<uint8_t>(row.side));
  emit.Unsigned(row.type);
  emit.Unsigned(row.code);
  emit.Unsigned(row.ident);
  emit.Unsigned(row.seq);
  emit.Unsigned(row.rest);
  emit.Unsigned(row.payload_bytes);
  row.rtt_ns < 0 ? emit.Null() : emit.Signed(row.rtt_ns);
  if (row.has_quote) {
    EmitQuote(row, emit);
  } else {
    for (int column = 0; column < 5; ++column) emit.Null();
  }
  const bool names_flow = row.has_quote && !row.quote_cut;
  emit.Signed(names_flow ? row.about.t_start_ns : 0);
  emit.Unsigned(names_flow ? row.about.flow_hash : 0);
  emit.Unsigned(names_flow && row.quote_found ? 1 : 0);
  EmitIcmpPair(row, emit);
}

template <typename Emit>
void EmitLedger(const LedgerRow& row, uint32_t sensor_id, Emit& emit) {
  emit.Signed(row.t_minute_ns);
  emit.Unsigned(sensor_id);
  emit.Unsigned(row.source);
  emit.Text(OutcomeName(row.outcome));
  emit.Unsigned(row.packets);
  emit.Unsigned(row.bytes);
  emit.Unsigned(row.version);
}

}  // namespace dfc
