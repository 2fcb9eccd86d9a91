#include "query_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "dfc/event.h"
#include "dfc/reader.h"
#include "open_flow.h"
#include "query_values.h"
#include "row_columns.h"

namespace dfc {

namespace {

using Values = std::vector<SqlValue>;
using Words = std::vector<std::string>;
using Condition = absl::StatusOr<std::string>;

absl::Status Wrong(std::string_view value, std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format("'{}' is no {}", value, expected));
}

absl::Status NoneOf(std::string_view value, std::string_view what, const Words& words) {
  return Wrong(value, fmt::format("{} ({})", what, fmt::join(words, ", ")));
}

// An equality, where it is one, lets an index give its rows in the order of time.
std::string Between(std::string_view column, const Range& range, Values& values) {
  values.emplace_back(range.low);
  if (range.low == range.high) return fmt::format("{} = ?", column);
  values.emplace_back(range.high);
  return fmt::format("{} BETWEEN ? AND ?", column);
}

// The place of `value` in `words`.
std::optional<size_t> PlaceOf(std::string_view value, const Words& words) {
  const auto found = std::ranges::find(words, value);
  if (found == words.end()) return std::nullopt;
  return static_cast<size_t>(found - words.begin());
}

using Columns = std::initializer_list<std::string_view>;

Condition AddressIn(std::string_view value, KeyTerm::Field field, Columns columns,
                    TermContext& context) {
  const auto range = ParseNetwork(value);
  if (!range) return Wrong(value, "address or network (10.0.0.1, 10.0.0.0/8, fd00::/8)");
  const auto bytes_of = [](const IpAddress& edge) {
    return std::vector<uint8_t>(edge.bytes.begin(), edge.bytes.end());
  };
  const auto add = [&](const IpAddress& edge) { context.values.emplace_back(bytes_of(edge)); };
  const bool is_one = range->low == range->high;
  context.key_term = {field, bytes_of(range->low), bytes_of(range->high), is_one};
  std::string text;
  for (const std::string_view column : columns) {
    if (!text.empty()) text += " OR ";
    text += fmt::format("{} {}", column, is_one ? "= ?" : "BETWEEN ? AND ?");
    add(range->low);
    if (!is_one) add(range->high);
  }
  return text;
}

Condition Host(std::string_view value, TermContext& context) {
  return AddressIn(value, KeyTerm::Field::kHost, {"f.client", "f.server"}, context);
}
Condition Client(std::string_view value, TermContext& context) {
  return AddressIn(value, KeyTerm::Field::kClient, {"f.client"}, context);
}
Condition Server(std::string_view value, TermContext& context) {
  return AddressIn(value, KeyTerm::Field::kServer, {"f.server"}, context);
}

Condition PortIn(std::string_view value, KeyTerm::Field field, Columns columns,
                 TermContext& context) {
  const auto range = ParseRange(value, UINT16_MAX, ParseNumber);
  if (!range) return Wrong(value, "port or range of ports (80, 1000:2000, >1023)");
  context.key_term = {field, range->low, range->high, range->low == range->high};
  std::string text;
  for (const std::string_view column : columns) {
    if (!text.empty()) text += " OR ";
    text += Between(column, *range, context.values);
  }
  return text;
}

Condition Port(std::string_view value, TermContext& context) {
  return PortIn(value, KeyTerm::Field::kPort, {"f.client_port", "f.server_port"}, context);
}
Condition ClientPort(std::string_view value, TermContext& context) {
  return PortIn(value, KeyTerm::Field::kClientPort, {"f.client_port"}, context);
}
Condition ServerPort(std::string_view value, TermContext& context) {
  return PortIn(value, KeyTerm::Field::kServerPort, {"f.server_port"}, context);
}

Condition Protocol(std::string_view value, TermContext& context) {
  auto number = ParseNumber(value);
  if (value == "icmpv6") number = kIcmpv6;
  for (uint64_t known = 0; !number && known <= UINT8_MAX; ++known) {
    if (ProtocolName(static_cast<uint8_t>(known)) == value) number = known;
  }
  if (!number || *number > UINT8_MAX) {
    return Wrong(value, "protocol (tcp, udp, icmp, icmp6, sctp, gre ..., 0-255)");
  }
  context.values.emplace_back(*number);
  context.key_term = {KeyTerm::Field::kProtocol, *number, *number, true};
  return std::string("f.protocol = ?");
}

// Those that have a name.
Words ProtocolWords() {
  Words words;
  for (unsigned number = 0; number <= UINT8_MAX; ++number) {
    const std::string name = ProtocolName(static_cast<uint8_t>(number));
    if (!ParseNumber(name)) words.push_back(name);
  }
  return words;
}

Condition Vlan(std::string_view value, TermContext& context) {
  constexpr uint64_t kVlanMax = 4095;
  const auto range = ParseRange(value, kVlanMax, ParseNumber);
  if (!range) return Wrong(value, "VLAN id or range of ids (0 to 4095)");
  return Between("f.vlan", *range, context.values);
}

// By kind: kNone comes first.
Words TunnelWords() {
  Words words = {"none"};
  for (size_t at = 1; at < kTunnelKindCount; ++at) {
    words.emplace_back(TunnelName(static_cast<TunnelKind>(at)));
  }
  words.emplace_back("any");
  return words;
}

Condition TunnelOf(std::string_view value, TermContext& context) {
  const Words words = TunnelWords();
  const auto kind = PlaceOf(value, words);
  if (!kind) return NoneOf(value, "kind of tunnel", words);
  if (value == "any") return std::string("f.tunnel <> 0");
  context.values.emplace_back(static_cast<uint64_t>(*kind));
  return std::string("f.tunnel = ?");
}

Condition TunnelId(std::string_view value, TermContext& context) {
  const auto range = ParseRange(value, UINT32_MAX, ParseNumber);
  if (!range) return Wrong(value, "tunnel id or range of ids (VNI, key, endpoint ...)");
  return Between("f.tunnel_id", *range, context.values);
}

Words StateWords() {
  Words words;
  for (size_t at = 0; at < kFlowStateCount; ++at) {
    words.emplace_back(FlowStateName(static_cast<FlowState>(at)));
  }
  return words;
}

Condition State(std::string_view value, TermContext& context) {
  const Words words = StateWords();
  const auto state = PlaceOf(value, words);
  if (!state) return NoneOf(value, "state", words);
  context.values.emplace_back(static_cast<uint64_t>(*state));
  return std::string("f.state = ?");
}

struct FlagWord {
  std::string_view name;
  FlowFlag flag;
};
constexpr auto kFlagWords = std::to_array<FlagWord>({
    {"gap", kFlowGap},
    {"conflict", kFlowConflict},
    {"midstream", kFlowMidstream},
    {"fragment", kFlowFragmented},
    {"reorder", kFlowOutOfOrder},
    {"truncated", kFlowTruncated},
    {"reused", kFlowReused},
    {"evicted", kFlowEvicted},
    {"urgent", kFlowUrgent},
    {"attempts", kFlowAttempts},
    {"after-reset", kFlowAfterReset},
    {"content-limit", kFlowContentLimit},
    {"no-content", kFlowNoContent},
    {"overload", kFlowOverload},
});

Words HasWords() {
  Words words;
  for (const FlagWord& known : kFlagWords) words.emplace_back(known.name);
  words.insert(words.end(), {"icmp-error", "content", "pin"});
  return words;
}

Condition Has(std::string_view value, TermContext& context) {
  if (value == "content") return std::string("f.client_bytes + f.server_bytes > 0");
  if (value == "icmp-error") {
    return fmt::format("EXISTS (SELECT 1 FROM icmp AS i WHERE {})",
                       IcmpErrorAbout("f.t_start", "f.flow_hash"));
  }
  if (value == "pin") {
    return std::string(
        "EXISTS (SELECT 1 FROM pin AS p WHERE p.t_start = f.t_start AND p.flow_hash = "
        "f.flow_hash)");
  }
  if (value == "quote" && context.scope == QueryScope::kIcmp) {
    return std::string("i.quoted_protocol IS NOT NULL");
  }
  const auto known = std::ranges::find(kFlagWords, value, &FlagWord::name);
  if (known == kFlagWords.end()) return NoneOf(value, "fact about a flow", HasWords());
  context.values.emplace_back(static_cast<uint64_t>(known->flag));
  return std::string("(f.flags & ?) <> 0");
}

Words IsWords() { return {"open", "closed"}; }

Condition Is(std::string_view value, TermContext& context) {
  if (!PlaceOf(value, IsWords())) return NoneOf(value, "condition of a flow", IsWords());
  const std::string open = OpenCondition(context.now_ns, context.values);
  return value == "open" ? open : fmt::format("NOT ({})", open);
}

// A size or a number of them.
Condition Amount(std::string_view value, std::string_view column, TermContext& context) {
  const auto range = ParseRange(value, INT64_MAX, ParseAmount);
  if (!range) return Wrong(value, "size (>10M, <=4K, 1500, 1K:2K)");
  return Between(column, *range, context.values);
}

Condition ContentBytes(std::string_view value, TermContext& context) {
  return Amount(value, "f.client_bytes + f.server_bytes", context);
}
Condition ClientBytes(std::string_view value, TermContext& context) {
  return Amount(value, "f.client_bytes", context);
}
Condition ServerBytes(std::string_view value, TermContext& context) {
  return Amount(value, "f.server_bytes", context);
}
Condition GapBytes(std::string_view value, TermContext& context) {
  return Amount(value, "f.client_gap_bytes + f.server_gap_bytes", context);
}
Condition Packets(std::string_view value, TermContext& context) {
  return Amount(value, "f.client_packets + f.server_packets", context);
}

Condition Duration(std::string_view value, TermContext& context) {
  const auto range = ParseRange(value, INT64_MAX, ParseDuration);
  if (!range) return Wrong(value, "duration (>5s, <=200ms, 1m:1h)");
  return Between("f.t_last - f.t_start", *range, context.values);
}

Condition Time(std::string_view value, TermContext& context) {
  const auto range = ParseTimeRange(value, context.now_ns);
  if (!range) return Wrong(value, "time (-1h, 2026-11-23, 2026-11-23T08:00..2026-11-23T09:30)");
  const char* const column = context.scope == QueryScope::kIcmp ? "i.t" : "f.t_start";
  context.values.emplace_back(range->from_ns);
  context.values.emplace_back(range->to_ns);
  return fmt::format("{0} >= ? AND {0} < ?", column);
}

Condition Id(std::string_view value, TermContext& context) {
  const auto id = ParseFlowId(std::string(value));
  if (!id) return Wrong(value, "flow id (32 hex digits)");
  context.values.emplace_back(id->t_start_ns);
  context.values.emplace_back(id->flow_hash);
  return std::string("f.t_start = ? AND f.flow_hash = ?");
}

Condition Community(std::string_view value, TermContext& context) {
  if (!value.starts_with("1:")) return Wrong(value, "Community ID (1:...=)");
  context.values.emplace_back(std::string(value));
  return std::string("f.community_id = ?");
}

Condition Sensor(std::string_view value, TermContext& context) {
  context.values.emplace_back(std::string(value));
  return std::string("s.name = ?");
}

// Of the message itself where messages are listed, else of any message of the flow.
Condition IcmpNumber(std::string_view value, std::string_view column, TermContext& context) {
  const auto range = ParseRange(value, UINT8_MAX, ParseNumber);
  if (!range) return Wrong(value, "number or range of numbers (0 to 255)");
  if (context.scope == QueryScope::kIcmp) {
    return Between(fmt::format("i.{}", column), *range, context.values);
  }
  return fmt::format(
      "EXISTS (SELECT 1 FROM icmp AS m WHERE m.t_start = f.t_start"
      " AND m.flow_hash = f.flow_hash AND {})",
      Between(fmt::format("m.{}", column), *range, context.values));
}

Condition IcmpType(std::string_view value, TermContext& context) {
  return IcmpNumber(value, "type", context);
}
Condition IcmpCode(std::string_view value, TermContext& context) {
  return IcmpNumber(value, "code", context);
}

Words PairingWords() {
  Words words;
  for (size_t at = 1; at < kIcmpPairingCount; ++at) {
    words.emplace_back(IcmpPairingName(static_cast<IcmpPairing>(at)));
  }
  return words;
}

Condition Pairing(std::string_view value, TermContext& context) {
  const Words words = PairingWords();
  const auto place = PlaceOf(value, words);
  if (!place) return NoneOf(value, "pairing", words);
  context.values.emplace_back(static_cast<uint64_t>(*place + 1));
  return std::string("i.pairing = ?");
}

Condition About(std::string_view value, TermContext& context) {
  const auto id = ParseFlowId(std::string(value));
  if (!id) return Wrong(value, "flow id (32 hex digits)");
  context.values.emplace_back(id->flow_hash);
  context.values.emplace_back(id->t_start_ns);
  context.key_term = {KeyTerm::Field::kAbout, id->flow_hash, id->flow_hash, true};
  return IcmpErrorAbout("?", "?");
}

constexpr const char* kAddressHint = "10.0.0.1, 10.0.0.0/8, fd00::/8";
constexpr const char* kPortHint = "80, 1000:2000, >1023";
constexpr const char* kSizeHint = "1500, >10M, <=4K, 1K:2K";

constexpr QueryField kFields[] = {
    {"proto", Protocol, false, "tcp, udp, icmp, icmp6, sctp, gre ..., 0-255", ProtocolWords},
    {"host", Host, false, kAddressHint, nullptr},
    {"client", Client, false, kAddressHint, nullptr},
    {"server", Server, false, kAddressHint, nullptr},
    {"port", Port, false, kPortHint, nullptr},
    {"cport", ClientPort, false, kPortHint, nullptr},
    {"sport", ServerPort, false, kPortHint, nullptr},
    {"state", State, false, "what became of the connection", StateWords},
    {"has", Has, false, "facts about the flow", HasWords},
    {"is", Is, false, "open: it may still grow", IsWords},
    {"time", Time, false, "-1h, 2026-11-23, 2026-11-23T08:00..2026-11-23T09:30", nullptr},
    {"dur", Duration, false, ">5s, <=200ms, 1m:1h", nullptr},
    {"bytes", ContentBytes, false, kSizeHint, nullptr},
    {"cbytes", ClientBytes, false, kSizeHint, nullptr},
    {"sbytes", ServerBytes, false, kSizeHint, nullptr},
    {"gaps", GapBytes, false, kSizeHint, nullptr},
    {"packets", Packets, false, kSizeHint, nullptr},
    {"id", Id, false, "a flow id, 32 hex digits", nullptr},
    {"community", Community, false, "a Community ID, 1:...=", nullptr},
    {"sensor", Sensor, false, "a sensor's name", nullptr},
    {"vlan", Vlan, false, "5, 0:99", nullptr},
    {"tunnel", TunnelOf, false, "what carried it", TunnelWords},
    {"tunnel_id", TunnelId, false, "100, 100:200", nullptr},
    {"icmp.type", IcmpType, false, "8, 0:8", nullptr},
    {"icmp.code", IcmpCode, false, "0, 0:3", nullptr},
    {"type", IcmpType, true, "8, 0:8", nullptr},
    {"code", IcmpCode, true, "0, 0:3", nullptr},
    {"about", About, true, "a flow id: errors that quote it", nullptr},
    {"pairing", Pairing, true, "what the message is to its request", PairingWords}};

}  // namespace

std::span<const QueryField> QueryFields() { return kFields; }

absl::StatusOr<std::string> TermCondition(std::string_view field, std::string_view value,
                                          TermContext& context) {
  std::string names;
  for (const QueryField& known : kFields) {
    if (!IsInScope(known, context.scope)) continue;
    if (known.name == field) return known.condition(value, context);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
  }
  return absl::InvalidArgumentError(fmt::format("unknown field '{}'; fields are {}", field, names));
}

}  // namespace dfc
