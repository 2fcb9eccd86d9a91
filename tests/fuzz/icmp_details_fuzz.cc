// ICMP messages with any bytes, in words.
//
//   4 3 4 1400 4500 0054 ...    version, type, code, second word of the header; then bytes in hex
//
// Words are one line of printable ASCII, and not much longer than what they are about.
#include <algorithm>

#include "fuzz_text.h"
#include "icmp_details.h"
#include "icmp_words.h"

namespace dfc {
namespace {

// A list has at most an element for each 8 bytes, which takes up to 64 letters.
constexpr size_t kLettersAByte = 8;
constexpr size_t kLettersOfHead = 256;

void ExpectWords(const std::string& words, size_t payload_bytes) {
  Expect(std::ranges::all_of(words, [](char letter) { return letter >= ' ' && letter <= '~'; }));
  Expect(words.size() <= kLettersOfHead + kLettersAByte * payload_bytes);
}

void Describe(std::string_view line) {
  Words words(line);
  const bool is_ipv6 = words.Next() == "6";
  StoredIcmp message{};
  message.protocol = is_ipv6 ? kIcmpv6 : kIcmp;
  message.row.type = words.Count<uint8_t>(256);
  message.row.code = words.Count<uint8_t>(256);
  message.row.rest = words.Count<uint32_t>(int64_t{1} << 32);
  const std::vector<uint8_t> payload = HexBytes(words.rest());
  message.payload = payload;
  const std::string details = IcmpDetails(
      {message.protocol, message.row.type, message.row.code, message.row.rest, payload});
  ExpectWords(details, payload.size());
  ExpectWords(IcmpTypeAndCode(message), 0);
  ExpectWords(IcmpRemarks(message), payload.size());
  message.row.has_quote = true;
  message.row.quoted.protocol = message.row.type;
  ExpectWords(IcmpQuotedText(message.row), 0);
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(dfc::AsChars(data), size);
  for (std::string_view line; dfc::TakeLine(text, line);) dfc::Describe(line);
  return 0;
}
