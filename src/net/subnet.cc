#include "dfc/subnet.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace dfc {

namespace {

constexpr uint32_t kAddressBits = 128;
constexpr uint32_t kIpv4PrefixBits = 96;  // Of an IPv4 address mapped into IPv6.

uint64_t MaskOf(uint32_t bits) { return bits == 0 ? 0 : ~uint64_t{0} << (64 - bits); }

// Digits alone, at most `most`.
std::optional<uint32_t> ParsePrefix(std::string_view text, uint32_t most) {
  uint32_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && bits <= most ? std::optional(bits) : std::nullopt;
}

// `number` in network order, as text without the prefix that maps IPv4.
std::string FormatNumber(uint64_t high, uint64_t low) {
  IpAddress address;
  for (size_t n = 0; n < 8; ++n) {
    address.bytes[n] = static_cast<uint8_t>(high >> (56 - 8 * n));
    address.bytes[n + 8] = static_cast<uint8_t>(low >> (56 - 8 * n));
  }
  return FormatAddress(address);
}

}  // namespace

absl::StatusOr<Subnet> ParseSubnet(const std::string& text) {
  const size_t slash = text.find('/');
  IpAddress address;
  const bool is_ipv4 = text.find(':') == std::string::npos;
  // IPv4 mapped into IPv6 is written as IPv4: its prefix would be counted from two ends.
  if (!ParseAddress(text.substr(0, slash), address) || address.IsIpv4() != is_ipv4) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no subnet; write it as 192.0.2.0/24 or 2001:db8::/32", text));
  }
  const uint32_t most = is_ipv4 ? kAddressBits - kIpv4PrefixBits : kAddressBits;
  const std::optional<uint32_t> bits =
      slash == std::string::npos ? most
                                 : ParsePrefix(std::string_view(text).substr(slash + 1), most);
  if (!bits) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' has no prefix from /0 to /{}; write it as {}", text, most,
                    is_ipv4 ? "192.0.2.0/24" : "2001:db8::/32"));
  }
  Subnet subnet{LoadBig64(address.bytes, 0), LoadBig64(address.bytes, 8), 0, 0, 0, is_ipv4};
  subnet.prefix_bits = *bits + (is_ipv4 ? kIpv4PrefixBits : 0);
  subnet.high_mask = MaskOf(std::min(subnet.prefix_bits, 64u));
  subnet.low_mask = MaskOf(std::max(subnet.prefix_bits, 64u) - 64);
  const uint64_t high = subnet.high & subnet.high_mask;
  const uint64_t low = subnet.low & subnet.low_mask;
  if (high != subnet.high || low != subnet.low) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' has bits behind its prefix; the subnet is {}/{}", text,
                    FormatNumber(high, low), *bits));
  }
  return subnet;
}

}  // namespace dfc
