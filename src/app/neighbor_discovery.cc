#include "neighbor_discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "dfc/packet.h"

namespace dfc {
namespace {

constexpr size_t kAddressBytes = 16;
constexpr uint32_t kForever = UINT32_MAX;

enum Type : uint8_t {
  kListenerQuery = 130,
  kListenerReport = 131,
  kListenerDone = 132,
  kRouterSolicitation = 133,
  kRouterAdvertisement = 134,
  kNeighborSolicitation = 135,
  kNeighborAdvertisement = 136,
  kRedirect = 137,
  kInverseSolicitation = 141,
  kInverseAdvertisement = 142,
  kListenerReport2 = 143,
};

// RFC 4861 section 4.6, RFC 3122, RFC 3971, RFC 4191, RFC 8106.
enum Option : uint8_t {
  kSourceLink = 1,
  kTargetLink = 2,
  kPrefix = 3,
  kRedirectedHeader = 4,
  kMtu = 5,
  kSourceAddresses = 9,
  kTargetAddresses = 10,
  kNonce = 14,
  kRoute = 24,
  kDnsServers = 25,
  kDnsSearch = 31,
};

// `bytes` may hold the front of one only, as a route's prefix does: the rest is zero.
std::string AddressText(ByteSpan bytes) {
  IpAddress address;
  std::copy_n(bytes.begin(), std::min(bytes.size(), kAddressBytes), address.bytes.begin());
  return FormatAddress(address);
}

std::string LinkText(ByteSpan bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    fmt::format_to(std::back_inserter(text), "{}{:02x}", text.empty() ? "" : ":", byte);
  }
  return text;
}

std::string Lifetime(uint32_t seconds) {
  return seconds == kForever ? "for ever" : fmt::format("{} s", seconds);
}

// Letters of the bits that are set, from the top one down; a blank has no letter.
std::string FlagLetters(uint32_t bits, std::string_view letters) {
  std::string text;
  for (size_t at = 0; at < letters.size(); ++at) {
    const bool is_set = (bits >> (letters.size() - 1 - at) & 1) != 0;
    if (is_set && letters[at] != ' ') text.push_back(letters[at]);
  }
  return text;
}

void AddFlags(uint32_t bits, std::string_view letters, std::string& facts) {
  const std::string flags = FlagLetters(bits, letters);
  if (!flags.empty()) AddFact(facts, fmt::format("flags {}", flags));
}

void AddAddresses(const char* what, ByteSpan bytes, std::string& facts) {
  for (; bytes.size() >= kAddressBytes; bytes = bytes.subspan(kAddressBytes)) {
    AddFact(facts, fmt::format("{} {}", what, AddressText(bytes)));
  }
}

// Labels with their lengths in front; an empty one ends a name (RFC 1035 section 3.1).
void AddSearchList(ByteSpan bytes, std::string& facts) {
  std::string name;
  while (!bytes.empty()) {
    const size_t label_bytes = bytes[0];
    if (bytes.size() - 1 < label_bytes) return;
    if (label_bytes == 0 && !name.empty()) AddFact(facts, fmt::format("search {}", name));
    if (label_bytes == 0) {
      name.clear();
    } else {
      name += fmt::format("{}{}", name.empty() ? "" : ".", WireText(bytes.subspan(1, label_bytes)));
    }
    bytes = bytes.subspan(1 + label_bytes);
  }
}

// RFC 4861 section 4.6.2: prefix length, flags, two lifetimes, reserved, prefix.
void AddPrefix(ByteSpan body, std::string& facts) {
  if (body.size() < 30) return AddFact(facts, "damaged prefix");
  std::string text = fmt::format("prefix {}/{}", AddressText(body.subspan(14)), body[0]);
  const std::string flags = FlagLetters(body[1], "LAR     ");
  if (!flags.empty()) text += fmt::format(" {}", flags);
  AddFact(facts, fmt::format("{} valid {} preferred {}", text, Lifetime(LoadBig32(body, 2)),
                             Lifetime(LoadBig32(body, 6))));
}

// RFC 4191 section 2.3: the prefix takes 0, 8 or 16 bytes.
void AddRoute(ByteSpan body, std::string& facts) {
  if (body.size() < 6) return AddFact(facts, "damaged route");
  AddFact(facts, fmt::format("route {}/{} {}", AddressText(body.subspan(6)), body[0],
                             Lifetime(LoadBig32(body, 2))));
}

// `body` is what follows type and length.
void AddOption(uint8_t type, ByteSpan body, std::string& facts) {
  switch (type) {
    case kSourceLink:
    case kTargetLink:
      return AddFact(facts, fmt::format("link-layer {}", LinkText(body)));
    case kPrefix:
      return AddPrefix(body, facts);
    case kMtu:
      if (body.size() >= 6) AddFact(facts, fmt::format("MTU {}", LoadBig32(body, 2)));
      return;
    case kSourceAddresses:
    case kTargetAddresses:
      if (body.size() >= 6) AddAddresses("address", body.subspan(6), facts);
      return;
    case kRoute:
      return AddRoute(body, facts);
    case kDnsServers:
      if (body.size() >= 6) AddAddresses("DNS", body.subspan(6), facts);
      return;
    case kDnsSearch:
      if (body.size() >= 6) AddSearchList(body.subspan(6), facts);
      return;
    case kRedirectedHeader:  // The datagram, which is in the content.
    case kNonce:
      return;
    default:
      AddFact(facts, fmt::format("option {} of {} bytes", type, body.size() + 2));
  }
}

// A length counts 8 bytes; zero would never end.
void AddOptions(ByteSpan bytes, std::string& facts) {
  while (bytes.size() >= 8) {
    const size_t option_bytes = bytes[1] * size_t{8};
    if (option_bytes == 0 || bytes.size() < option_bytes) {
      return AddFact(facts, "damaged option");
    }
    AddOption(bytes[0], bytes.subspan(2, option_bytes - 2), facts);
    bytes = bytes.subspan(option_bytes);
  }
}

// A fixed part of `fixed` bytes that begins with an address, then options.
void AddTarget(const char* what, ByteSpan payload, size_t fixed, std::string& facts) {
  if (payload.size() < fixed) return AddFact(facts, "cut short");
  AddFact(facts, fmt::format("{} {}", what, AddressText(payload)));
  if (fixed > kAddressBytes)
    AddFact(facts, fmt::format("for {}", AddressText(payload.subspan(kAddressBytes))));
  AddOptions(payload.subspan(fixed), facts);
}

std::string RouterAdvertisement(const IcmpMessage& message) {
  constexpr const char* kPreferences[] = {"", "high preference", "", "low preference"};
  std::string facts = fmt::format("lifetime {} s", message.rest & 0xFFFF);
  if (message.rest >> 24 != 0) AddFact(facts, fmt::format("hop limit {}", message.rest >> 24));
  const uint32_t flags = message.rest >> 16 & 0xFF;
  AddFlags(flags, "MOH  P  ", facts);
  AddFact(facts, kPreferences[flags >> 3 & 3]);
  if (message.payload.size() < 8) return facts;
  AddOptions(message.payload.subspan(8), facts);
  return facts;
}

std::string ListenerQuery(const IcmpMessage& message) {
  if (message.payload.size() < kAddressBytes) return "cut short";
  const std::string group = AddressText(message.payload);
  std::string facts = group == "::" ? "all groups" : fmt::format("group {}", group);
  if (message.payload.size() < kAddressBytes + 4) return facts;
  const uint16_t sources = LoadBig16(message.payload, kAddressBytes + 2);
  AddFact(facts, "version 2");
  if (sources != 0) AddAddresses("source", message.payload.subspan(kAddressBytes + 4), facts);
  return facts;
}

// RFC 3810 section 5.2: records of type, auxiliary words, sources, group.
std::string ListenerReport2(const IcmpMessage& message) {
  constexpr const char* kRecords[] = {"record",     "include", "exclude", "to include",
                                      "to exclude", "allow",   "block"};
  std::string facts;
  ByteSpan left = message.payload;
  for (uint32_t n = message.rest & 0xFFFF; n > 0; --n) {
    if (left.size() < 4 + kAddressBytes) break;
    const size_t type = left[0] < std::size(kRecords) ? left[0] : 0;
    const size_t sources = LoadBig16(left, 2);
    AddFact(facts, fmt::format("{} {}", kRecords[type], AddressText(left.subspan(4))));
    if (sources != 0) facts += fmt::format(" with {} source{}", sources, sources == 1 ? "" : "s");
    const size_t record_bytes = 4 + kAddressBytes + sources * kAddressBytes + left[1] * size_t{4};
    left = left.subspan(std::min(record_bytes, left.size()));
  }
  return facts;
}

}  // namespace

std::string NeighborDetails(const IcmpMessage& message) {
  std::string facts;
  switch (message.type) {
    case kListenerQuery:
      return ListenerQuery(message);
    case kListenerReport:
    case kListenerDone:
      if (message.payload.size() < kAddressBytes) return "cut short";
      return fmt::format("group {}", AddressText(message.payload));
    case kRouterSolicitation:
    case kInverseSolicitation:
    case kInverseAdvertisement:
      AddOptions(message.payload, facts);
      return facts;
    case kRouterAdvertisement:
      return RouterAdvertisement(message);
    case kNeighborSolicitation:
      AddTarget("target", message.payload, kAddressBytes, facts);
      return facts;
    case kNeighborAdvertisement:
      AddTarget("target", message.payload, kAddressBytes, facts);
      AddFlags(message.rest >> 29, "RSO", facts);
      return facts;
    case kRedirect:
      AddTarget("by way of", message.payload, 2 * kAddressBytes, facts);
      return facts;
    case kListenerReport2:
      return ListenerReport2(message);
    default:
      return "";
  }
}

}  // namespace dfc
