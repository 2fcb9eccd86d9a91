#include "icmp_extensions.h"

#include <fmt/format.h>

#include <algorithm>

#include "dfc/packet.h"
#include "icmp_details.h"

namespace dfc {
namespace {

constexpr size_t kHeaderBytes = 4;
constexpr size_t kObjectHeaderBytes = 4;
constexpr size_t kOldQuoteBytes = 128;
constexpr uint8_t kVersion = 2;

// RFC 1071, over all of it; right when it comes to 0xFFFF.
bool ChecksumGood(ByteSpan bytes) {
  uint32_t sum = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    sum += at % 2 == 0 ? uint32_t{bytes[at]} << 8 : bytes[at];
  }
  while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16);
  return sum == 0xFFFF;
}

// RFC 4950: a stack of labels as the datagram carried them.
void AddLabels(ByteSpan bytes, std::string& facts) {
  for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
    const uint32_t entry = LoadBig32(bytes, 0);
    AddFact(facts,
            fmt::format("MPLS label {} exp {} ttl {}", entry >> 12, entry >> 9 & 7, entry & 0xFF));
  }
}

// An address with its family in front: RFC 5837 section 4.2, RFC 8335 section 2.1. Takes it off
// `bytes`; "" when it is not there.
std::string TakeAddress(ByteSpan& bytes) {
  if (bytes.size() < 4) return "";
  const uint16_t family = LoadBig16(bytes, 0);
  const size_t address_bytes = family == 1 ? 4 : family == 2 ? 16 : 0;
  if (address_bytes == 0 || bytes.size() - 4 < address_bytes) return "";
  IpAddress address;
  if (family == 1) address.bytes[10] = address.bytes[11] = 0xFF;
  std::copy_n(bytes.begin() + 4, address_bytes,
              address.bytes.end() - static_cast<ptrdiff_t>(address_bytes));
  bytes = bytes.subspan(4 + address_bytes);
  return FormatAddress(address);
}

// RFC 5837 section 4: the type tells the interface's role and which parts there are, in this order.
void AddInterface(uint8_t type, ByteSpan bytes, std::string& facts) {
  constexpr const char* kRoles[] = {"came in by", "came in by part of", "goes out by", "next hop"};
  std::string text = kRoles[type >> 6];
  if ((type & 8) != 0 && bytes.size() >= 4) {
    text += fmt::format(" interface {}", LoadBig32(bytes, 0));
    bytes = bytes.subspan(4);
  }
  if ((type & 4) != 0) {
    const std::string address = TakeAddress(bytes);
    if (address.empty()) return AddFact(facts, text);
    text += fmt::format(" {}", address);
  }
  if ((type & 2) != 0 && !bytes.empty()) {
    const size_t name_bytes = std::min<size_t>(bytes[0], bytes.size());
    if (name_bytes > 1) {
      const ByteSpan name = bytes.subspan(1, name_bytes - 1);
      const auto end = static_cast<size_t>(std::ranges::find(name, uint8_t{0}) - name.begin());
      text += fmt::format(" {}", WireText(name.first(end)));
    }
    bytes = bytes.subspan(name_bytes);
  }
  if ((type & 1) != 0 && bytes.size() >= 4) text += fmt::format(" MTU {}", LoadBig32(bytes, 0));
  AddFact(facts, text);
}

// RFC 8335 section 2.1: by name, by index, by address.
void AddInterfaceAsked(uint8_t type, ByteSpan bytes, std::string& facts) {
  if (type == 1) {
    const ByteSpan name =
        bytes.first(static_cast<size_t>(std::ranges::find(bytes, uint8_t{0}) - bytes.begin()));
    return AddFact(facts, fmt::format("name {}", WireText(name)));
  }
  if (type == 2 && bytes.size() >= 4) {
    return AddFact(facts, fmt::format("index {}", LoadBig32(bytes, 0)));
  }
  if (type == 3) {
    const std::string address = TakeAddress(bytes);
    if (!address.empty()) AddFact(facts, fmt::format("address {}", address));
  }
}

void AddObject(uint8_t class_number, uint8_t type, ByteSpan bytes, std::string& facts) {
  if (class_number == 1 && type == 1) return AddLabels(bytes, facts);
  if (class_number == 2) return AddInterface(type, bytes, facts);
  if (class_number == 3) return AddInterfaceAsked(type, bytes, facts);
  AddFact(facts, fmt::format("extension {}/{} of {} bytes", class_number, type, bytes.size()));
}

// Where the extensions begin; empty when there are none.
ByteSpan FindExtensions(ByteSpan payload, size_t quote_bytes) {
  const bool told = quote_bytes != 0;
  size_t at = told ? quote_bytes : kOldQuoteBytes;
  if (quote_bytes == kWholePayload) at = 0;
  if (payload.size() < at || payload.size() - at < kHeaderBytes + kObjectHeaderBytes) return {};
  const ByteSpan bytes = payload.subspan(at);
  if (bytes[0] >> 4 != kVersion) return {};
  return told || ChecksumGood(bytes) ? bytes : ByteSpan();
}

}  // namespace

void AddIcmpExtensions(ByteSpan payload, size_t quote_bytes, std::string& facts) {
  ByteSpan left = FindExtensions(payload, quote_bytes);
  if (left.empty()) return;
  left = left.subspan(kHeaderBytes);
  while (left.size() >= kObjectHeaderBytes) {
    const size_t object_bytes = LoadBig16(left, 0);
    if (object_bytes < kObjectHeaderBytes || left.size() < object_bytes) {
      return AddFact(facts, "damaged extension");
    }
    AddObject(left[2], left[3], left.subspan(kObjectHeaderBytes, object_bytes - kObjectHeaderBytes),
              facts);
    left = left.subspan(object_bytes);
  }
}

}  // namespace dfc
