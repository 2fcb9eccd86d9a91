#include "checksum.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace dfc {

namespace {

uint64_t HalvesOf(uint64_t sum) { return (sum & 0xFFFFFFFF) + (sum >> 32); }

// 64 bits at a time, and the carry comes round.
uint64_t SumOfWords(const uint8_t* at, size_t words) {
  uint64_t sum = 0;
  for (; words >= 2; words -= 2, at += 8) {
    const auto word = LoadNative<uint64_t>(at);
    sum += word;
    sum += sum < word ? 1 : 0;
  }
  sum = HalvesOf(sum);
  return words == 0 ? sum : sum + LoadNative<uint32_t>(at);
}

constexpr size_t kBlockBytes = 32;
constexpr size_t kBlocksMin = 4;  // Of less than that, vectors cost more than they save.
constexpr size_t kBlocksMax = size_t{1} << 14;

#ifdef __x86_64__
const bool kHasBlocks = __builtin_cpu_supports("avx2");

// One instruction multiplies 16-bit words by one and adds them in pairs, but takes them as signed:
// each is turned by 2^15 before, and the sum put right afterwards. A lane of 32 bits holds 2^14
// pairs.
[[gnu::target("avx2")]] uint64_t SumOfBlocks(const uint8_t* at, size_t blocks) {
  const __m256i turn = _mm256_set1_epi16(std::numeric_limits<int16_t>::min());
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i pairs = _mm256_setzero_si256();
  for (const uint8_t* const end = at + kBlockBytes * blocks; at != end; at += kBlockBytes) {
    const auto* const block = static_cast<const __m256i*>(static_cast<const void*>(at));
    const __m256i words = _mm256_xor_si256(_mm256_loadu_si256(block), turn);
    pairs = _mm256_add_epi32(pairs, _mm256_madd_epi16(words, ones));
  }
  std::array<int32_t, 8> lanes;
  std::memcpy(lanes.data(), &pairs, sizeof lanes);
  const int64_t sum = std::accumulate(lanes.begin(), lanes.end(), int64_t{0});
  return static_cast<uint64_t>(sum + static_cast<int64_t>(blocks * (kBlockBytes / 2) << 15));
}
#else
constexpr bool kHasBlocks = false;
uint64_t SumOfBlocks(const uint8_t* at, size_t blocks) {
  return SumOfWords(at, blocks * kBlockBytes / 4);
}
#endif

}  // namespace

void InternetSum::Add(ByteSpan bytes) {
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  while (kHasBlocks && left >= kBlocksMin * kBlockBytes) {
    const size_t blocks = std::min(left / kBlockBytes, kBlocksMax);
    sum_ += SumOfBlocks(at, blocks);
    at += blocks * kBlockBytes;
    left -= blocks * kBlockBytes;
  }
  sum_ += SumOfWords(at, left / 4);
  at += left / 4 * 4;
  left %= 4;
  if (left >= 2) {
    sum_ += LoadNative<uint16_t>(at);
    at += 2;
    left -= 2;
  }
  if (left == 1) sum_ += *at;  // Padded with a zero byte behind it.
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
