// The columns of each table in the order in which rows are written and read: the one place that
// knows it. `Emit` has Signed(), Unsigned(), Bytes(), Text() and Null(), one call a column; what it
// is given lives until the row is finished.
#pragma once

#include <string>

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

inline constexpr const char* kChunkColumns[] = {"t_start", "flow_hash", "n",      "version",
                                                "t_first", "turns",     "content"};

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
                                               "quote_found"};

inline constexpr const char* kLedgerColumns[] = {"t_minute", "sensor_id", "source",
                                                 "outcome",  "packets",   "bytes"};

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
  emit.Unsigned(row.icmp_type);
  emit.Unsigned(row.icmp_code);
  emit.Text(community_id);
  EmitCounts(row.counts[0], emit);
  EmitCounts(row.counts[1], emit);
}

// `turns` is the whole JSON array.
template <typename Emit>
void EmitChunk(const ChunkRow& row, std::string_view turns, ByteSpan content, Emit& emit) {
  emit.Signed(row.id.t_start_ns);
  emit.Unsigned(row.id.flow_hash);
  emit.Unsigned(row.n);
  emit.Unsigned(row.version);
  emit.Signed(row.t_first_ns);
  emit.Text(turns);
  emit.Bytes(content);
}

template <typename Emit>
void EmitQuote(const FiveTuple& quoted, Emit& emit) {
  emit.Unsigned(quoted.protocol);
  emit.Bytes(quoted.source.bytes);
  emit.Unsigned(quoted.source_port);
  emit.Bytes(quoted.destination.bytes);
  emit.Unsigned(quoted.destination_port);
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
    EmitQuote(row.quoted, emit);
  } else {
    for (int column = 0; column < 5; ++column) emit.Null();
  }
  emit.Signed(row.has_quote ? row.about.t_start_ns : 0);
  emit.Unsigned(row.has_quote ? row.about.flow_hash : 0);
  emit.Unsigned(row.has_quote && row.quote_found ? 1 : 0);
}

template <typename Emit>
void EmitLedger(const LedgerRow& row, uint32_t sensor_id, Emit& emit) {
  emit.Signed(row.t_minute_ns);
  emit.Unsigned(sensor_id);
  emit.Unsigned(row.source);
  emit.Text(VerdictName(row.outcome));
  emit.Unsigned(row.packets);
  emit.Unsigned(row.bytes);
}

}  // namespace dfc
