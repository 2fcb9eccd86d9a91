#include "rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>

#include "dfc/reader.h"
#include "sql_cursor.h"

namespace dfc {

IpAddress Address(const std::string& text) {
  IpAddress address;
  EXPECT_TRUE(ParseAddress(text, address)) << text;
  return address;
}

FlowRow TestFlow(uint64_t hash, uint64_t packets) {
  FlowRow row;
  std::memset(static_cast<void*>(&row), 0, sizeof row);
  row.id = {kTestTime, hash};
  row.t_last_ns = kTestTime + static_cast<int64_t>(packets) * 1'000'000;
  row.client = Address("10.0.0.1");
  row.server = Address("192.0.2.7");
  row.client_port = 40000;
  row.server_port = 80;
  row.protocol = kTcp;
  row.state = FlowState::kEstablished;
  row.counts[0].packets = packets;
  row.counts[0].ip_bytes = packets * 40;
  return row;
}

template <typename Row>
BlockBuilder& BlockBuilder::AddPlain(RowType type, const Row& row) {
  uint8_t* room = block_.Append(type, sizeof row);
  DFC_CHECK(room != nullptr);
  std::memcpy(room, &row, sizeof row);
  return *this;
}

BlockBuilder& BlockBuilder::Add(const FlowRow& row) { return AddPlain(RowType::kFlow, row); }
BlockBuilder& BlockBuilder::Add(const IcmpRow& row) { return AddPlain(RowType::kIcmp, row); }
BlockBuilder& BlockBuilder::Add(const LedgerRow& row) { return AddPlain(RowType::kLedger, row); }

BlockBuilder& BlockBuilder::Add(const FlowId& id, uint32_t n, const Piece& piece) {
  ChunkRow row;
  std::memset(static_cast<void*>(&row), 0, sizeof row);
  row.id = id;
  row.t_first_ns = id.t_start_ns;
  row.n = n;
  row.content_at = piece.content_at;
  row.content_bytes = static_cast<uint32_t>(piece.content.size());
  row.turns_at = piece.turns_at;
  row.turns_bytes = static_cast<uint32_t>(piece.turns.size());
  uint8_t* room =
      block_.Append(RowType::kChunk, sizeof row + piece.content.size() + piece.turns.size());
  DFC_CHECK(room != nullptr);
  std::memcpy(room, &row, sizeof row);
  std::memcpy(room + sizeof row, piece.content.data(), piece.content.size());
  std::memcpy(room + sizeof row + piece.content.size(), piece.turns.data(), piece.turns.size());
  return *this;
}

namespace {

IcmpRow Ping(const FlowId& id, uint32_t n, bool reply) {
  IcmpRow row;
  std::memset(static_cast<void*>(&row), 0, sizeof row);
  row.id = id;
  row.t_ns = id.t_start_ns + n * 1'500;
  row.rtt_ns = reply ? 1'500 : -1;
  row.n = n;
  row.payload_bytes = 56;
  row.rest = 0xFFFF0001;
  row.ident = 0xFFFF;
  row.seq = 1;
  row.side = reply ? Side::kServer : Side::kClient;
  row.type = reply ? 0 : 8;
  row.pairing = reply ? IcmpPairing::kReply : IcmpPairing::kRequest;
  row.payload = reply ? IcmpPayload::kEqual : IcmpPayload::kUnknown;
  row.request_n = reply ? 0 : kNoIcmpMessage;
  row.content_at = n * 4;
  row.content_bytes = 4;
  return row;
}

IcmpRow Unreachable(const FlowId& id, const FlowRow& about) {
  IcmpRow row = Ping(id, 0, false);
  row.type = 3;
  row.code = 1;
  row.pairing = IcmpPairing::kNone;
  row.has_quote = true;
  row.quote_found = true;
  row.about = about.id;
  row.quoted = {about.client, about.server, about.client_port, about.server_port, about.protocol};
  return row;
}

FlowRow IcmpFlow(uint64_t hash) {
  FlowRow row = TestFlow(hash, 1);
  row.protocol = kIcmp;
  row.client_port = row.server_port = 0;
  row.state = FlowState::kOneWay;
  return row;
}

}  // namespace

void FillWithEverything(BlockBuilder& builder) {
  FlowRow tcp = TestFlow(0xFFFF'FFFF'FFFF'FFFEu);
  tcp.flags = kFlowGap;
  tcp.counts[0].content_bytes = 5;
  tcp.counts[1] = {7, 8, 4, 1'460, 10, 11};
  builder.Add(tcp);
  builder.Add(
      tcp.id, 0,
      {std::string("GET /\0\xFF\x80z", 9), "[0,0,0,5,0,0],[1,7,0,1460,1,0],[1,8,1460,4,0,5]"});
  FlowRow udp = TestFlow(3);
  udp.id.t_start_ns += 1;
  udp.client = Address("fd00::1:0:0:abcd");
  udp.server = Address("ff02::fb");
  udp.protocol = kUdp;
  udp.state = FlowState::kOneWay;
  udp.vlan = 7;
  udp.tunnel = {TunnelKind::kVxlan, 0xFFFF'FFFF};
  builder.Add(udp);
  builder.Add(udp.id, 0, {"one", "[0,0,0,3,2,0]"});
  builder.Add(udp.id, 1, {"", ""});
  const FlowRow ping = IcmpFlow(4);
  builder.Add(ping).Add(Ping(ping.id, 0, false)).Add(Ping(ping.id, 1, true));
  builder.Add(ping.id, 0, {"pingpong", "[0,0,0,4,2,0],[1,1500,0,4,2,4]"});
  const FlowRow error = IcmpFlow(5);
  builder.Add(error).Add(Unreachable(error.id, tcp));
  builder.Add(
      LedgerRow{kTestTime - kTestTime % 60'000'000'000, 1, 10, 600, OutcomeOf(Verdict::kOk), 1});
  builder.Add(
      LedgerRow{kTestTime - kTestTime % 60'000'000'000, 2, 5, 300, OutcomeOf(Verdict::kOk), 1});
}

namespace {

std::string Hex(ByteSpan bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02X}", byte);
  return text;
}

std::string FlowLine(const StoredFlow& flow) {
  const FlowRow& row = flow.row;
  std::string text = fmt::format(
      "flow {} {} {} {} {}:{} {}:{} {} {} {} {} {} {}/{}", FormatFlowId(row.id), flow.sensor,
      row.t_last_ns, row.protocol, FormatAddress(row.client), row.client_port,
      FormatAddress(row.server), row.server_port, static_cast<int>(row.state), row.flags, row.vlan,
      TunnelName(row.tunnel.kind), row.tunnel.id, row.icmp_type, row.icmp_code);
  for (const SideCounts& side : row.counts) {
    text +=
        fmt::format(" [{} {} {} {} {} {} {} {} {}]", side.packets, side.ip_bytes,
                    side.content_bytes, side.gap_bytes, side.duplicate_bytes, side.conflict_bytes,
                    side.refused_bytes, side.urgent_bytes, side.shed_bytes);
  }
  return fmt::format("{} {}\n", text, flow.community_id);
}

std::string TurnLine(const Turn& turn) {
  return fmt::format("  turn {} {} {} {} {} {}\n", static_cast<int>(turn.side),
                     static_cast<int>(turn.kind), turn.t_ns, turn.offset, turn.length,
                     Hex(turn.bytes));
}

std::string IcmpLine(const StoredIcmp& message) {
  const IcmpRow& row = message.row;
  std::string text = fmt::format(
      "icmp {} {} {} rtt {} {} {} {} {} {} {}>{} {}/{} quote {} {} {} {} {}:{}>{}:{}",
      FormatFlowId(row.id), row.n, row.t_ns, row.rtt_ns, row.payload_bytes, row.rest, row.ident,
      row.seq, static_cast<int>(row.side), FormatAddress(message.source),
      FormatAddress(message.destination), row.type, row.code, row.has_quote, row.quote_found,
      FormatFlowId(row.about), row.quoted.protocol, FormatAddress(row.quoted.source),
      row.quoted.source_port, FormatAddress(row.quoted.destination), row.quoted.destination_port);
  text += fmt::format(" {} {} {} payload {}/{}+{} {}", row.quote_cut, IcmpPairingName(row.pairing),
                      row.request_n, row.content_n, row.content_at, row.content_bytes,
                      static_cast<int>(row.payload));
  return fmt::format("{} about {} {}\n", text,
                     message.has_about ? FormatFlowId(message.about) : "none",
                     Hex(message.payload));
}

std::string PingLine(const StoredPing& ping) {
  return fmt::format(
      "ping {} {}>{} {} {} {} {}: {} {} {} {} {} {} {} {} rtt {} {} {}\n", FormatFlowId(ping.id),
      FormatAddress(ping.client), FormatAddress(ping.server), ping.protocol, ping.type, ping.ident,
      ping.t_last_ns, ping.requests, ping.replies, ping.lost, ping.late, ping.duplicates,
      ping.strays, ping.differing, ping.errors, ping.rtt_min_ns, ping.rtt_avg_ns, ping.rtt_max_ns);
}

absl::StatusOr<std::unique_ptr<SqlConnection>> Connect(const StoreUrl& url) {
  return url.kind == StoreUrl::Kind::kSqlite ? OpenSqliteForReading(url) : OpenMysqlForReading(url);
}

// Every row of `columns`, each as text.
std::string DumpRows(SqlConnection& connection, const std::string& from,
                     const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) {
    const bool content = (column == "bytes" && from.starts_with("v_turn")) || column == "payload";
    const std::string as =
        content ? "CASE WHEN {0} IS NOT NULL THEN HEX({0}) END" : "CAST({0} AS CHAR)";
    list += (list.empty() ? "" : ", ") + fmt::format(fmt::runtime(as), column);
  }
  auto cursor = connection.Query(fmt::format("SELECT {} FROM {}", list, from), {});
  if (!cursor.ok()) return fmt::format("error: {}", MessageOf(cursor.status()));
  std::string text;
  for (;;) {
    const auto found = (*cursor)->Next();
    if (!found.ok()) return fmt::format("error: {}", MessageOf(found.status()));
    if (!*found) return text;
    for (size_t at = 0; at < columns.size(); ++at) {
      const int column = static_cast<int>(at);
      const ByteSpan value = (*cursor)->Bytes(column);
      text += (*cursor)->IsNull(column) ? std::string("NULL")
                                        : std::string(AsChars(value.data()), value.size());
      text += at + 1 < columns.size() ? "|" : "\n";
    }
  }
}

const std::vector<std::string> kIcmpView = {"id",
                                            "t_start",
                                            "n",
                                            "t",
                                            "time",
                                            "sensor",
                                            "protocol",
                                            "source",
                                            "destination",
                                            "side",
                                            "type",
                                            "type_name",
                                            "code",
                                            "code_name",
                                            "ident",
                                            "seq",
                                            "rest",
                                            "payload_bytes",
                                            "rtt",
                                            "pairing",
                                            "request_n",
                                            "payload_equal",
                                            "quoted_protocol",
                                            "quoted_source",
                                            "quoted_source_port",
                                            "quoted_destination",
                                            "quoted_destination_port",
                                            "about",
                                            "payload"};

}  // namespace

std::string DumpByReader(const StoreUrl& url) {
  auto reader = OpenReader(url);
  if (!reader.ok()) return MessageOf(reader.status());
  std::string text;
  // Content is asked for while the list is open, as `dfc flows --digest` does.
  absl::Status status = (*reader)->Flows({}, [&](const StoredFlow& flow) {
    text += FlowLine(flow);
    const absl::Status turns =
        (*reader)->Turns(flow.row.id, [&](const Turn& turn) { text += TurnLine(turn); });
    EXPECT_TRUE(turns.ok()) << turns;
  });
  EXPECT_TRUE(status.ok()) << status;
  status = (*reader)->Icmp({}, [&](const StoredIcmp& message) { text += IcmpLine(message); });
  EXPECT_TRUE(status.ok()) << status;
  status = (*reader)->Pings({}, [&](const StoredPing& ping) { text += PingLine(ping); });
  EXPECT_TRUE(status.ok()) << status;
  return text;
}

std::string DumpByViews(const StoreUrl& url) {
  auto connection = Connect(url);
  if (!connection.ok()) return MessageOf(connection.status());
  const std::vector<std::string> flow = {"id",
                                         "t_start",
                                         "t_last",
                                         "sensor",
                                         "start_time",
                                         "end_time",
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
  const std::vector<std::string> turn = {"id",   "t_start", "n",    "turn",          "t",
                                         "time", "side",    "kind", "stream_offset", "length",
                                         "bytes"};
  const std::vector<std::string> ledger = {"t_minute", "time",    "sensor",
                                           "outcome",  "packets", "bytes"};
  return DumpRows(**connection, "v_flow ORDER BY id", flow) +
         DumpRows(**connection, "v_turn ORDER BY id, n, turn", turn) +
         DumpRows(**connection, "v_icmp ORDER BY id, n", kIcmpView) +
         DumpRows(**connection, "v_ledger ORDER BY t_minute, outcome", ledger);
}

std::string QueryColumn(const StoreUrl& url, const std::string& sql) {
  auto connection = Connect(url);
  if (!connection.ok()) return fmt::format("error: {}", MessageOf(connection.status()));
  auto cursor = (*connection)->Query(sql, {});
  if (!cursor.ok()) return fmt::format("error: {}", MessageOf(cursor.status()));
  std::string text;
  for (;;) {
    const auto found = (*cursor)->Next();
    if (!found.ok()) return fmt::format("error: {}", MessageOf(found.status()));
    if (!*found) return text;
    const ByteSpan value = (*cursor)->Bytes(0);
    if (!text.empty()) text += ',';
    text.append(AsChars(value.data()), value.size());
  }
}

}  // namespace dfc
