#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

#include "dfc/packet.h"

namespace dfc {

namespace {
constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
}

bool IpAddress::IsIpv4() const {
  return std::memcmp(bytes.data(), kMappedPrefix, sizeof kMappedPrefix) == 0;
}

// Every packet asks this twice: two loads instead of a loop over bytes.
bool IpAddress::IsZero() const {
  constexpr uint64_t kMappedZero = 0xFFFF0000;  // Of ::ffff:0.0.0.0, the second half.
  const auto low = LoadNative<uint64_t>(bytes.data() + 8);
  return LoadNative<uint64_t>(bytes.data()) == 0 && (low == 0 || low == kMappedZero);
}

std::string FormatAddress(const IpAddress& address) {
  if (address.IsIpv4()) {
    const uint8_t* b = address.bytes.data() + sizeof kMappedPrefix;
    return fmt::format("{}.{}.{}.{}", b[0], b[1], b[2], b[3]);
  }
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
}

bool ParseAddress(const std::string& text, IpAddress& address) {
  IpAddress parsed;
  if (::inet_pton(AF_INET, text.c_str(), parsed.bytes.data() + sizeof kMappedPrefix) == 1) {
    std::memcpy(parsed.bytes.data(), kMappedPrefix, sizeof kMappedPrefix);
  } else if (::inet_pton(AF_INET6, text.c_str(), parsed.bytes.data()) != 1) {
    return false;
  }
  address = parsed;
  return true;
}

}  // namespace dfc
