#include "icmp_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "dfc/packet.h"
#include "icmp_extensions.h"
#include "neighbor_discovery.h"

namespace dfc {
namespace {

constexpr size_t kIpv4HeaderBytes = 20;
constexpr size_t kIpv6HeaderBytes = 40;
constexpr size_t kIcmpHeaderBytes = 8;
constexpr size_t kExtensionsMax = 8;

enum Type4 : uint8_t {
  kUnreachable = 3,
  kRedirect = 5,
  kRouterAdvertisement = 9,
  kTimeExceeded = 11,
  kParameterProblem = 12,
  kTimestamp = 13,
  kTimestampReply = 14,
  kMaskRequest = 17,
  kMaskReply = 18,
  kExtendedEcho = 42,
  kExtendedEchoReply = 43,
};
enum Type6 : uint8_t {
  kUnreachable6 = 1,
  kTooBig6 = 2,
  kTimeExceeded6 = 3,
  kParameterProblem6 = 4,
  kExtendedEcho6 = 160,
  kExtendedEchoReply6 = 161,
};

std::string Ipv4Text(uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 0xFF, address >> 8 & 0xFF,
                     address & 0xFF);
}

// What a quoted datagram says beside its tuple.
struct Quote {
  uint8_t protocol = 0;
  uint8_t ttl = 0;
  uint32_t fragment_at = 0;
  ByteSpan transport;
};

// RFC 8200 4: hop-by-hop options, routing, fragment, destination options, authentication.
bool IsExtension(uint8_t header) {
  return header == 0 || header == 43 || header == 44 || header == 60 || header == 51;
}

void SkipExtensions(Quote& quote) {
  for (size_t n = 0; n < kExtensionsMax && IsExtension(quote.protocol); ++n) {
    const ByteSpan bytes = quote.transport;
    if (bytes.size() < 8) return;
    size_t header_bytes = (bytes[1] + size_t{1}) * 8;
    if (quote.protocol == 44) {
      header_bytes = 8;
      quote.fragment_at = LoadBig16(bytes, 2) & 0xFFF8u;
    }
    if (quote.protocol == 51) header_bytes = (bytes[1] + size_t{2}) * 4;
    if (bytes.size() < header_bytes) return;
    quote.protocol = bytes[0];
    quote.transport = bytes.subspan(header_bytes);
  }
}

// False when there is no header to read.
bool ReadQuote(ByteSpan bytes, Quote& quote) {
  if (bytes.size() >= kIpv4HeaderBytes && bytes[0] >> 4 == 4) {
    const size_t header_bytes = std::max<size_t>((bytes[0] & 0x0Fu) * 4, kIpv4HeaderBytes);
    quote.protocol = bytes[9];
    quote.ttl = bytes[8];
    quote.fragment_at = (LoadBig16(bytes, 6) & 0x1FFFu) * 8;
    quote.transport = bytes.subspan(std::min(header_bytes, bytes.size()));
    return true;
  }
  if (bytes.size() < kIpv6HeaderBytes || bytes[0] >> 4 != 6) return false;
  quote.protocol = bytes[6];
  quote.ttl = bytes[7];
  quote.transport = bytes.subspan(kIpv6HeaderBytes);
  SkipExtensions(quote);
  return true;
}

void AddQuote(ByteSpan bytes, std::string& facts) {
  Quote quote;
  if (!ReadQuote(bytes, quote)) {
    AddFact(facts, "quotes no datagram");
    return;
  }
  if (quote.fragment_at != 0) {
    AddFact(facts, fmt::format("fragment at byte {}", quote.fragment_at));
  } else if (IsIcmp(quote.protocol) && quote.transport.size() >= kIcmpHeaderBytes) {
    const uint8_t type = quote.transport[0];
    const bool is_echo =
        quote.protocol == kIcmp ? type == 0 || type == 8 : type == 128 || type == 129;
    AddFact(facts, is_echo ? fmt::format("seq {}", LoadBig16(quote.transport, 6))
                           : fmt::format("type {}", type));
  }
  AddFact(facts, fmt::format("ttl {}", quote.ttl));
}

// The quote, and behind it extensions: RFC 4884 sections 4 and 5. `words` of `word_bytes` are
// what the message says that the quote takes, 0 for what knows of no extensions.
void AddQuoteAndExtensions(ByteSpan payload, size_t words, size_t word_bytes, std::string& facts) {
  const size_t quote_bytes =
      std::min(words == 0 ? payload.size() : words * word_bytes, payload.size());
  AddQuote(payload.first(quote_bytes), facts);
  AddIcmpExtensions(payload, words * word_bytes, facts);
}

std::string Error4(const IcmpMessage& message) {
  std::string facts;
  const uint32_t rest = message.rest;
  if (message.type == kUnreachable && message.code == 4) {
    AddFact(facts, fmt::format("MTU {}", rest & 0xFFFF));
  }
  if (message.type == kRedirect) AddFact(facts, fmt::format("gateway {}", Ipv4Text(rest)));
  if (message.type == kParameterProblem && message.code == 0) {
    AddFact(facts, fmt::format("pointer {}", rest >> 24));
  }
  const bool may_extend = message.type == kUnreachable || message.type == kTimeExceeded ||
                          message.type == kParameterProblem;
  if (may_extend) {
    AddQuoteAndExtensions(message.payload, rest >> 16 & 0xFF, 4, facts);
  } else {
    AddQuote(message.payload, facts);
  }
  return facts;
}

std::string Error6(const IcmpMessage& message) {
  std::string facts;
  if (message.type == kTooBig6) AddFact(facts, fmt::format("MTU {}", message.rest));
  if (message.type == kParameterProblem6) AddFact(facts, fmt::format("pointer {}", message.rest));
  const bool may_extend = message.type == kUnreachable6 || message.type == kTimeExceeded6;
  if (may_extend) {
    AddQuoteAndExtensions(message.payload, message.rest >> 24, 8, facts);
  } else {
    AddQuote(message.payload, facts);
  }
  return facts;
}

// RFC 1256 section 3: each entry is an address and a preference.
std::string RouterAdvertisement4(const IcmpMessage& message) {
  std::string facts = fmt::format("lifetime {} s", message.rest & 0xFFFF);
  const size_t entry_bytes = (message.rest >> 16 & 0xFF) * size_t{4};
  if (entry_bytes < 8) return facts;
  ByteSpan left = message.payload;
  for (uint32_t n = message.rest >> 24; n > 0 && left.size() >= entry_bytes; --n) {
    const auto preference = static_cast<int32_t>(LoadBig32(left, 4));
    AddFact(facts,
            fmt::format("router {} preference {}", Ipv4Text(LoadBig32(left, 0)), preference));
    left = left.subspan(entry_bytes);
  }
  return facts;
}

// Milliseconds since midnight UTC, or, with the top bit set, anything.
std::string TimestampText(uint32_t value) {
  if ((value & 0x80000000u) != 0) return fmt::format("0x{:08x}", value);
  const uint32_t seconds = value / 1000;
  return fmt::format("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     value % 1000);
}

std::string Timestamps(const IcmpMessage& message) {
  if (message.payload.size() < 12) return "";
  std::string facts = fmt::format("originate {}", TimestampText(LoadBig32(message.payload, 0)));
  if (message.type == kTimestamp) return facts;
  AddFact(facts, fmt::format("receive {}", TimestampText(LoadBig32(message.payload, 4))));
  AddFact(facts, fmt::format("transmit {}", TimestampText(LoadBig32(message.payload, 8))));
  return facts;
}

// RFC 8335 section 3: the state of the interface that the request named.
std::string ExtendedEchoReply(const IcmpMessage& message) {
  constexpr const char* kStates[] = {"reserved", "incomplete", "reachable", "stale",
                                     "delay",    "probe",      "failed"};
  const uint32_t bits = message.rest & 0xFF;
  std::string facts;
  const uint32_t state = bits >> 5;
  if (state != 0 && state < std::size(kStates)) AddFact(facts, kStates[state]);
  AddFact(facts, (bits & 4) != 0 ? "active" : "not active");
  if ((bits & 2) != 0) AddFact(facts, "IPv4");
  if ((bits & 1) != 0) AddFact(facts, "IPv6");
  return facts;
}

std::string ExtendedEcho(const IcmpMessage& message) {
  std::string facts = (message.rest & 1) != 0 ? "local interface" : "neighbor's interface";
  AddIcmpExtensions(message.payload, kWholePayload, facts);
  return facts;
}

std::string Details4(const IcmpMessage& message) {
  switch (message.type) {
    case kUnreachable:
    case 4:  // Source quench.
    case kRedirect:
    case kTimeExceeded:
    case kParameterProblem:
      return Error4(message);
    case kRouterAdvertisement:
      return RouterAdvertisement4(message);
    case kTimestamp:
    case kTimestampReply:
      return Timestamps(message);
    case kMaskRequest:
    case kMaskReply:
      return message.payload.size() < 4
                 ? ""
                 : fmt::format("mask {}", Ipv4Text(LoadBig32(message.payload, 0)));
    case kExtendedEcho:
      return ExtendedEcho(message);
    case kExtendedEchoReply:
      return ExtendedEchoReply(message);
    default:
      return "";
  }
}

std::string Details6(const IcmpMessage& message) {
  if (message.type >= kUnreachable6 && message.type <= kParameterProblem6) return Error6(message);
  if (message.type == kExtendedEcho6) return ExtendedEcho(message);
  if (message.type == kExtendedEchoReply6) return ExtendedEchoReply(message);
  return NeighborDetails(message);
}

}  // namespace

std::string IcmpDetails(const IcmpMessage& message) {
  return message.protocol == kIcmpv6 ? Details6(message) : Details4(message);
}

void AddFact(std::string& facts, const std::string& fact) {
  if (!facts.empty() && !fact.empty()) facts.append(", ");
  facts.append(fact);
}

std::string WireText(ByteSpan bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    if (byte >= 0x20 && byte < 0x7F && byte != '\\') {
      text.push_back(static_cast<char>(byte));
    } else {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", byte);
    }
  }
  return text;
}

}  // namespace dfc
