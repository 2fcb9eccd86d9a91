#include "checksum.h"

namespace dfc {

namespace {

// 32-bit words in a 64-bit sum: no carry is lost below 2^32 words, and compilers vectorise it.
[[gnu::always_inline]] inline uint64_t SumOf(const uint8_t* at, size_t words) {
  uint64_t sum = 0;
  for (const uint8_t* const end = at + 4 * words; at != end; at += 4) {
    sum += LoadNative<uint32_t>(at);
  }
  return sum;
}

#ifdef __x86_64__
// Twice as wide, on processors since 2013.
[[gnu::target("avx2")]] uint64_t WideSumOf(const uint8_t* at, size_t words) {
  return SumOf(at, words);
}
const bool kIsWide = __builtin_cpu_supports("avx2");
#else
constexpr bool kIsWide = false;
constexpr auto WideSumOf = SumOf;
#endif

// Of headers, where vectors cost more than they save: 64 bits at a time, and the carry comes round.
uint64_t ShortSumOf(const uint8_t* at, size_t words) {
  uint64_t sum = 0;
  for (; words >= 2; words -= 2, at += 8) {
    const auto word = LoadNative<uint64_t>(at);
    sum += word;
    sum += sum < word ? 1 : 0;
  }
  if (words == 0) return sum;
  const auto word = LoadNative<uint32_t>(at);
  sum += word;
  return sum + (sum < word ? 1 : 0);
}

constexpr size_t kShortWords = 32;

uint64_t SumOfWords(const uint8_t* at, size_t words) {
  if (words <= kShortWords) return ShortSumOf(at, words);
  return kIsWide ? WideSumOf(at, words) : SumOf(at, words);
}

uint64_t HalvesOf(uint64_t sum) { return (sum & 0xFFFFFFFF) + (sum >> 32); }

}  // namespace

void InternetSum::Add(ByteSpan bytes) {
  const size_t words = bytes.size() / 4;
  const uint8_t* at = bytes.data() + 4 * words;
  size_t left = bytes.size() % 4;
  uint64_t sum = HalvesOf(SumOfWords(bytes.data(), words));
  if (left >= 2) {
    sum += LoadNative<uint16_t>(at);
    at += 2;
    left -= 2;
  }
  if (left == 1) sum += *at;  // Padded with a zero byte behind it.
  sum_ += sum;
}

uint16_t InternetSum::Fold() const {
  uint64_t sum = sum_;
  while ((sum >> 16) != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

InternetSum PseudoHeaderSum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                            size_t segment_bytes) {
  InternetSum sum;
  if (source.IsIpv4() && destination.IsIpv4()) {  // The mapped prefix takes no part.
    sum.AddWord(source.bytes.data() + 12);
    sum.AddWord(destination.bytes.data() + 12);
  } else {
    sum.Add(source.bytes);
    sum.Add(destination.bytes);
  }
  sum.AddBig16(protocol);
  sum.AddBig16(static_cast<uint16_t>(segment_bytes >> 16));
  sum.AddBig16(static_cast<uint16_t>(segment_bytes));
  return sum;
}

}  // namespace dfc
