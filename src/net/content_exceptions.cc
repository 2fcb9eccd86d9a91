#include "dfc/content_exceptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace dfc {

namespace {

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && port != 0 ? std::optional(port) : std::nullopt;
}

// 0 where no protocol with ports is called so.
uint8_t ProtocolOf(std::string_view name) {
  if (name == "tcp") return kTcp;
  if (name == "udp") return kUdp;
  return name == "sctp" ? uint8_t{kSctp} : uint8_t{0};
}

}  // namespace

absl::Status ContentExceptions::Add(const std::string& text) {
  if (ports_.size() + subnets_.size() == kRulesMax) {
    return absl::InvalidArgumentError(
        fmt::format("more than {} ports and networks are without content; join some", kRulesMax));
  }
  if (text.find_first_of(".:") == std::string::npos) return AddPort(text);
  DFC_ASSIGN_OR_RETURN(const Subnet subnet, ParseSubnet(text));
  subnets_.push_back(subnet);
  return absl::OkStatus();
}

absl::Status ContentExceptions::AddPort(const std::string& text) {
  const size_t slash = text.find('/');
  const auto number = ParsePort(std::string_view(text).substr(0, slash));
  const uint8_t protocol = slash == std::string::npos
                               ? uint8_t{0}
                               : ProtocolOf(std::string_view(text).substr(slash + 1));
  if (!number || (slash != std::string::npos && protocol == 0)) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is no port or network; write it as 443, 53/udp, 10.0.0.0/8 or 2001:db8::/32", text));
  }
  ports_.push_back({*number, protocol});
  return absl::OkStatus();
}

bool ContentExceptions::Has(const FiveTuple& tuple) const {
  const auto names_port = [&](const Port& port) {
    return (port.number == tuple.source_port || port.number == tuple.destination_port) &&
           (port.protocol == 0 || port.protocol == tuple.protocol);
  };
  if (HasPorts(tuple.protocol) && std::ranges::any_of(ports_, names_port)) return true;
  return std::ranges::any_of(subnets_, [&](const Subnet& subnet) {
    return subnet.Has(tuple.source) || subnet.Has(tuple.destination);
  });
}

}  // namespace dfc
