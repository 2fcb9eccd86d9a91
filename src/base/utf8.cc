#include "dfc/utf8.h"

#include <algorithm>

namespace dfc {
namespace {

// What the first byte of a UTF-8 sequence says about the rest (RFC 3629 section 4): how many bytes,
// and the range of the second byte, which is where overlong forms and surrogates show.
struct Utf8Lead {
  size_t bytes;
  uint8_t second_min;
  uint8_t second_max;
};

Utf8Lead LeadOf(uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// Whether the bytes at the front agree with `lead` for as many as there are, up to its length.
bool Follows(ByteSpan bytes, const Utf8Lead& lead) {
  const size_t have = std::min(bytes.size(), lead.bytes);
  for (size_t i = 1; i < have; ++i) {
    const uint8_t low = i == 1 ? lead.second_min : 0x80;
    const uint8_t high = i == 1 ? lead.second_max : 0xBF;
    if (bytes[i] < low || bytes[i] > high) return false;
  }
  return true;
}

}  // namespace

size_t Utf8SequenceBytes(ByteSpan bytes) {
  const Utf8Lead lead = LeadOf(bytes[0]);
  if (bytes.size() < lead.bytes || !Follows(bytes, lead)) return 0;
  return lead.bytes;
}

size_t Utf8CutBytes(ByteSpan bytes) {
  const size_t longest = std::min<size_t>(bytes.size(), 3);
  for (size_t cut = 1; cut <= longest; ++cut) {
    const ByteSpan tail = bytes.last(cut);
    const Utf8Lead lead = LeadOf(tail[0]);
    if (lead.bytes > cut && Follows(tail, lead)) return cut;
  }
  return 0;
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = Utf8SequenceBytes(AsBytes(text.data() + at, text.size() - at));
    if (length == 0) {
      out.append("\xEF\xBF\xBD");
      ++at;
    } else {
      out.append(text.substr(at, length));
      at += length;
    }
  }
  return out;
}

}  // namespace dfc
