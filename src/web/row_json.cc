#include "row_json.h"

#include "dfc/time.h"

namespace dfc {

namespace {

// Nothing for a negative time.
void WriteTime(std::string_view key, int64_t ns, Json& json) {
  json.Key(key);
  ns < 0 ? json.Null() : json.Signed(ns);
}

uint64_t DurationNs(const FlowRow& row) {
  return row.t_last_ns < row.id.t_start_ns
             ? 0
             : static_cast<uint64_t>(row.t_last_ns) - static_cast<uint64_t>(row.id.t_start_ns);
}

void WriteEnds(const FlowRow& row, Json& json) {
  json.Text("id", FormatFlowId(row.id));
  json.Text("proto", ProtocolName(row.protocol));
  json.Text("client", FormatAddress(row.client));
  json.Count("client_port", row.client_port);
  json.Text("server", FormatAddress(row.server));
  json.Count("server_port", row.server_port);
}

}  // namespace

const char* SideName(Side side) { return side == Side::kClient ? "client" : "server"; }

const char* TurnKindName(TurnKind kind) {
  switch (kind) {
    case TurnKind::kData:
      return "data";
    case TurnKind::kGap:
      return "gap";
    case TurnKind::kDatagram:
      return "datagram";
    case TurnKind::kConflict:
      return "conflict";
    case TurnKind::kUrgent:
      return "urgent";
  }
  return "data";
}

void WriteFlow(const StoredFlow& flow, const WebWords& words, int64_t now_ns, Json& json) {
  const FlowRow& row = flow.row;
  const SideCounts& client = row.counts[static_cast<size_t>(Side::kClient)];
  const SideCounts& server = row.counts[static_cast<size_t>(Side::kServer)];
  json.BeginObject();
  WriteEnds(row, json);
  json.Text("start", FormatTime(row.id.t_start_ns));
  json.Text("end", FormatTime(row.t_last_ns));
  json.Text("start_ns", std::to_string(row.id.t_start_ns));
  json.Count("duration_ns", DurationNs(row));
  json.Flag("open", IsOpen(row, now_ns));
  json.Count("client_packets", client.packets);
  json.Count("server_packets", server.packets);
  json.Count("client_bytes", client.content_bytes);
  json.Count("server_bytes", server.content_bytes);
  json.Count("client_gaps", client.gap_bytes);
  json.Count("server_gaps", server.gap_bytes);
  json.Text("state", FlowStateName(row.state));
  json.Text("community_id", flow.community_id);
  json.Text("sensor", flow.sensor);
  json.Text("flags", words.flags(row.flags));
  json.Count("vlan", row.vlan);
  json.Text("tunnel", TunnelName(row.tunnel.kind));
  json.Count("tunnel_id", row.tunnel.id);
  json.Count("icmp_type", row.icmp_type);
  json.Count("icmp_code", row.icmp_code);
  json.EndObject();
}

void WriteIcmp(const StoredIcmp& message, const WebWords& words, Json& json) {
  const IcmpRow& row = message.row;
  const bool has_identifier = words.icmp_has_identifier(message.protocol, row.type);
  const auto number = [&json](std::string_view key, bool is_there, uint64_t value) {
    json.Key(key);
    is_there ? json.Unsigned(value) : json.Null();
  };
  json.BeginObject();
  json.Text("flow", FormatFlowId(row.id));
  json.Count("n", row.n);
  json.Text("time", FormatTime(row.t_ns));
  json.Text("source", FormatAddress(message.source));
  json.Text("destination", FormatAddress(message.destination));
  json.Text("proto", ProtocolName(message.protocol));
  json.Text("side", SideName(row.side));
  json.Count("type", row.type);
  json.Text("type_name", words.icmp_type(message.protocol, row.type));
  json.Count("code", row.code);
  json.Optional("code_name", words.icmp_code(message.protocol, row.type, row.code));
  number("ident", has_identifier, row.ident);
  number("seq", has_identifier, row.seq);
  WriteTime("rtt_ns", row.rtt_ns, json);
  json.Count("bytes", row.payload_bytes);
  json.Optional("pairing", IcmpPairingName(row.pairing));
  number("request_n", row.request_n != kNoIcmpMessage, row.request_n);
  json.Key("payload_equal");
  row.payload == IcmpPayload::kUnknown ? json.Null()
                                       : json.Bool(row.payload == IcmpPayload::kEqual);
  json.Optional("quoted", words.icmp_quoted(row));
  json.Optional("quoted_flow", message.has_about ? FormatFlowId(message.about) : "");
  json.Optional("details", words.icmp_details(message));
  json.EndObject();
}

void WritePing(const StoredPing& ping, const WebWords& words, Json& json) {
  json.BeginObject();
  json.Text("flow", FormatFlowId(ping.id));
  json.Text("start", FormatTime(ping.id.t_start_ns));
  json.Text("end", FormatTime(ping.t_last_ns));
  json.Text("proto", ProtocolName(ping.protocol));
  json.Count("type", ping.type);
  json.Text("type_name", words.icmp_type(ping.protocol, ping.type));
  json.Text("client", FormatAddress(ping.client));
  json.Text("server", FormatAddress(ping.server));
  json.Count("ident", ping.ident);
  json.Count("requests", ping.requests);
  json.Count("replies", ping.replies);
  json.Count("lost", ping.lost);
  json.Key("loss_percent");
  ping.requests == 0
      ? json.Null()
      : json.Double(100.0 * static_cast<double>(ping.lost) / static_cast<double>(ping.requests));
  json.Count("late", ping.late);
  json.Count("duplicates", ping.duplicates);
  json.Count("strays", ping.strays);
  json.Count("differing", ping.differing);
  json.Count("errors", ping.errors);
  WriteTime("rtt_min_ns", ping.rtt_min_ns, json);
  WriteTime("rtt_avg_ns", ping.rtt_avg_ns, json);
  WriteTime("rtt_max_ns", ping.rtt_max_ns, json);
  json.EndObject();
}

}  // namespace dfc
