#include "query_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "dfc/event.h"
#include "dfc/reader.h"
#include "row_columns.h"

namespace dfc {

namespace {

using Values = std::vector<SqlValue>;
using Condition = absl::StatusOr<std::string>;

absl::Status Wrong(std::string_view value, std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format("'{}' is no {}", value, expected));
}

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// "1500", "4K", "10M", "2G": decimal thousands. Nothing past what the stores hold.
std::optional<uint64_t> ParseSize(std::string_view text) {
  uint64_t unit = 1;
  if (!text.empty()) {
    const char last = text.back();
    if (last == 'K' || last == 'k') unit = 1'000;
    if (last == 'M' || last == 'm') unit = 1'000'000;
    if (last == 'G' || last == 'g') unit = 1'000'000'000;
  }
  if (unit != 1) text.remove_suffix(1);
  const auto number = ParseNumber(text);
  if (!number || *number > static_cast<uint64_t>(INT64_MAX) / unit) return std::nullopt;
  return *number * unit;
}

struct Range {
  uint64_t low;
  uint64_t high;
};

// N or LOW:HIGH, neither above `max`.
std::optional<Range> ParseRange(std::string_view text, uint64_t max) {
  const size_t colon = text.find(':');
  const auto low = ParseNumber(text.substr(0, colon));
  const auto high = colon == std::string_view::npos ? low : ParseNumber(text.substr(colon + 1));
  if (!low || !high || *low > *high || *high > max) return std::nullopt;
  return Range{*low, *high};
}

std::string Between(std::string_view column, const Range& range, Values& values) {
  values.emplace_back(range.low);
  values.emplace_back(range.high);
  return fmt::format("{} BETWEEN ? AND ?", column);
}

// The first and last address of "ADDRESS" or "ADDRESS/BITS".
struct AddressRange {
  IpAddress low;
  IpAddress high;
};

std::optional<AddressRange> ParseNetwork(std::string_view text) {
  constexpr uint64_t kAddressBits = 128;
  constexpr uint64_t kMappedBits = 96;
  const size_t slash = text.find('/');
  AddressRange range;
  if (!ParseAddress(std::string(text.substr(0, slash)), range.low)) return std::nullopt;
  range.high = range.low;
  if (slash == std::string_view::npos) return range;
  const auto given = ParseNumber(text.substr(slash + 1));
  const bool is_ipv4 = text.substr(0, slash).find(':') == std::string_view::npos;
  if (!given || *given > (is_ipv4 ? kAddressBits - kMappedBits : kAddressBits)) return std::nullopt;
  const uint64_t bits = *given + (is_ipv4 ? kMappedBits : 0);
  for (uint64_t at = 0; at < range.low.bytes.size(); ++at) {
    const uint64_t kept = std::min<uint64_t>(8, bits > at * 8 ? bits - at * 8 : 0);
    const auto host_mask = static_cast<uint8_t>(0xFFu >> kept);
    range.low.bytes[at] = static_cast<uint8_t>(range.low.bytes[at] & ~host_mask);
    range.high.bytes[at] = static_cast<uint8_t>(range.high.bytes[at] | host_mask);
  }
  return range;
}

Condition AddressIn(std::string_view value, std::initializer_list<std::string_view> columns,
                    Values& values) {
  const auto range = ParseNetwork(value);
  if (!range) return Wrong(value, "address or network (10.0.0.1, 10.0.0.0/8, fd00::/8)");
  std::string text;
  for (const std::string_view column : columns) {
    if (!text.empty()) text += " OR ";
    text += fmt::format("{} BETWEEN ? AND ?", column);
    for (const IpAddress& edge : {range->low, range->high}) {
      values.emplace_back(std::vector<uint8_t>(edge.bytes.begin(), edge.bytes.end()));
    }
  }
  return text;
}

Condition Host(std::string_view value, Values& values) {
  return AddressIn(value, {"f.client", "f.server"}, values);
}
Condition Client(std::string_view value, Values& values) {
  return AddressIn(value, {"f.client"}, values);
}
Condition Server(std::string_view value, Values& values) {
  return AddressIn(value, {"f.server"}, values);
}

Condition PortIn(std::string_view value, std::initializer_list<std::string_view> columns,
                 Values& values) {
  const auto range = ParseRange(value, UINT16_MAX);
  if (!range) return Wrong(value, "port or range of ports (80, 1000:2000)");
  std::string text;
  for (const std::string_view column : columns) {
    if (!text.empty()) text += " OR ";
    text += Between(column, *range, values);
  }
  return text;
}

Condition Port(std::string_view value, Values& values) {
  return PortIn(value, {"f.client_port", "f.server_port"}, values);
}
Condition ClientPort(std::string_view value, Values& values) {
  return PortIn(value, {"f.client_port"}, values);
}
Condition ServerPort(std::string_view value, Values& values) {
  return PortIn(value, {"f.server_port"}, values);
}

Condition Protocol(std::string_view value, Values& values) {
  auto number = ParseNumber(value);
  if (value == "icmpv6") number = kIcmpv6;
  for (uint64_t known = 0; !number && known <= UINT8_MAX; ++known) {
    if (ProtocolName(static_cast<uint8_t>(known)) == value) number = known;
  }
  if (!number || *number > UINT8_MAX) {
    return Wrong(value, "protocol (tcp, udp, icmp, icmp6, sctp, gre ..., 0-255)");
  }
  values.emplace_back(*number);
  return std::string("f.protocol = ?");
}

Condition Vlan(std::string_view value, Values& values) {
  constexpr uint64_t kVlanMax = 4095;
  const auto range = ParseRange(value, kVlanMax);
  if (!range) return Wrong(value, "VLAN id or range of ids (0 to 4095)");
  return Between("f.vlan", *range, values);
}

Condition TunnelOf(std::string_view value, Values& values) {
  if (value == "any") return std::string("f.tunnel <> 0");
  if (value == "none") return std::string("f.tunnel = 0");
  std::string names = "any, none";
  for (size_t at = 1; at < kTunnelKindCount; ++at) {
    const char* const name = TunnelName(static_cast<TunnelKind>(at));
    if (name == value) {
      values.emplace_back(static_cast<uint64_t>(at));
      return std::string("f.tunnel = ?");
    }
    names += fmt::format(", {}", name);
  }
  return Wrong(value, fmt::format("kind of tunnel ({})", names));
}

Condition TunnelId(std::string_view value, Values& values) {
  const auto range = ParseRange(value, UINT32_MAX);
  if (!range) return Wrong(value, "tunnel id or range of ids (VNI, key, endpoint ...)");
  return Between("f.tunnel_id", *range, values);
}

Condition State(std::string_view value, Values& values) {
  std::string names;
  for (size_t at = 0; at < kFlowStateCount; ++at) {
    const std::string name = FlowStateName(static_cast<FlowState>(at));
    if (name == value) {
      values.emplace_back(static_cast<uint64_t>(at));
      return std::string("f.state = ?");
    }
    names += (names.empty() ? "" : ", ") + name;
  }
  return Wrong(value, fmt::format("state ({})", names));
}

Condition Has(std::string_view value, Values& values) {
  struct Name {
    std::string_view name;
    FlowFlag flag;
  };
  constexpr std::array<Name, 11> kNames = {{{"gap", kFlowGap},
                                            {"conflict", kFlowConflict},
                                            {"midstream", kFlowMidstream},
                                            {"fragment", kFlowFragmented},
                                            {"reorder", kFlowOutOfOrder},
                                            {"truncated", kFlowTruncated},
                                            {"reused", kFlowReused},
                                            {"evicted", kFlowEvicted},
                                            {"urgent", kFlowUrgent},
                                            {"attempts", kFlowAttempts},
                                            {"after-reset", kFlowAfterReset}}};
  if (value == "icmp-error") {
    return fmt::format("EXISTS (SELECT 1 FROM icmp AS i WHERE {})",
                       IcmpErrorAbout("f.t_start", "f.flow_hash"));
  }
  std::string names;
  for (const Name& known : kNames) {
    if (known.name == value) {
      values.emplace_back(static_cast<uint64_t>(known.flag));
      return std::string("(f.flags & ?) <> 0");
    }
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
  }
  return Wrong(value, fmt::format("fact about a flow ({}, icmp-error)", names));
}

// ">N", ">=N", "<N", "<=N", "N" or "LOW:HIGH" of a sum of columns.
Condition Amount(std::string_view value, std::string_view column, Values& values) {
  constexpr std::string_view kExpected = "size (>10M, <=4K, 1500, 1K:2K)";
  std::string_view sign = "=";
  for (const std::string_view known : {">=", "<=", ">", "<"}) {
    if (!value.starts_with(known)) continue;
    sign = known;
    break;
  }
  const std::string_view text = sign == "=" ? value : value.substr(sign.size());
  const size_t colon = sign == "=" ? text.find(':') : std::string_view::npos;
  const auto low = ParseSize(text.substr(0, colon));
  const auto high = colon == std::string_view::npos ? low : ParseSize(text.substr(colon + 1));
  if (!low || !high || *low > *high) return Wrong(value, kExpected);
  if (colon != std::string_view::npos) return Between(column, {*low, *high}, values);
  values.emplace_back(*low);
  return fmt::format("{} {} ?", column, sign);
}

Condition ContentBytes(std::string_view value, Values& values) {
  return Amount(value, "f.client_bytes + f.server_bytes", values);
}
Condition Packets(std::string_view value, Values& values) {
  return Amount(value, "f.client_packets + f.server_packets", values);
}

Condition Id(std::string_view value, Values& values) {
  const auto id = ParseFlowId(std::string(value));
  if (!id) return Wrong(value, "flow id (32 hex digits)");
  values.emplace_back(id->t_start_ns);
  values.emplace_back(id->flow_hash);
  return std::string("f.t_start = ? AND f.flow_hash = ?");
}

Condition Community(std::string_view value, Values& values) {
  if (!value.starts_with("1:")) return Wrong(value, "Community ID (1:...=)");
  values.emplace_back(std::string(value));
  return std::string("f.community_id = ?");
}

Condition Sensor(std::string_view value, Values& values) {
  values.emplace_back(std::string(value));
  return std::string("s.name = ?");
}

Condition IcmpNumber(std::string_view value, std::string_view column, Values& values) {
  const auto range = ParseRange(value, UINT8_MAX);
  if (!range) return Wrong(value, "number or range of numbers (0 to 255)");
  return Between(column, *range, values);
}

Condition IcmpType(std::string_view value, Values& values) {
  return IcmpNumber(value, "i.type", values);
}
Condition IcmpCode(std::string_view value, Values& values) {
  return IcmpNumber(value, "i.code", values);
}

Condition Pairing(std::string_view value, Values& values) {
  std::string names;
  for (size_t at = 1; at < kIcmpPairingCount; ++at) {
    const std::string name = IcmpPairingName(static_cast<IcmpPairing>(at));
    if (name == value) {
      values.emplace_back(static_cast<uint64_t>(at));
      return std::string("i.pairing = ?");
    }
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return Wrong(value, fmt::format("pairing ({})", names));
}

Condition About(std::string_view value, Values& values) {
  const auto id = ParseFlowId(std::string(value));
  if (!id) return Wrong(value, "flow id (32 hex digits)");
  values.emplace_back(id->flow_hash);
  values.emplace_back(id->t_start_ns);
  return IcmpErrorAbout("?", "?");
}

struct Key {
  std::string_view name;
  Condition (*condition)(std::string_view value, Values& values);
  bool icmp_only;
};

constexpr Key kKeys[] = {
    {"proto", Protocol, false},      {"host", Host, false},          {"client", Client, false},
    {"server", Server, false},       {"port", Port, false},          {"cport", ClientPort, false},
    {"sport", ServerPort, false},    {"state", State, false},        {"has", Has, false},
    {"bytes", ContentBytes, false},  {"packets", Packets, false},    {"id", Id, false},
    {"community", Community, false}, {"sensor", Sensor, false},      {"vlan", Vlan, false},
    {"tunnel", TunnelOf, false},     {"tunnel_id", TunnelId, false}, {"type", IcmpType, true},
    {"code", IcmpCode, true},        {"about", About, true},         {"pairing", Pairing, true}};

}  // namespace

absl::StatusOr<std::string> TermCondition(std::string_view key, std::string_view value,
                                          QueryScope scope, std::vector<SqlValue>& values) {
  std::string names;
  for (const Key& known : kKeys) {
    if (known.icmp_only && scope != QueryScope::kIcmp) continue;
    if (known.name == key) return known.condition(value, values);
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
  }
  return absl::InvalidArgumentError(fmt::format("unknown field '{}'; fields are {}", key, names));
}

}  // namespace dfc
