#include "checksum_trust.h"

#include <algorithm>

namespace dfc {

namespace {

size_t PlaceOf(uint8_t protocol) {
  switch (protocol) {
    case ChecksumTrust::kIpv4Header:
      return 0;
    case kTcp:
      return 1;
    case kUdp:
      return 2;
    case kIcmp:
    case kIcmpv6:  // A host speaks one of both.
      return 3;
    case kSctp:
      return 4;
    default:
      return 5;
  }
}

}  // namespace

ChecksumTrust::State& ChecksumTrust::Find(const IpAddress& host, uint8_t protocol) {
  const uint64_t low = LoadNative<uint64_t>(host.bytes.data());
  const uint64_t high = LoadNative<uint64_t>(host.bytes.data() + 8);
  const uint64_t hash = (high ^ (low * 0x9E3779B97F4A7C15u)) * 0xD6E8FEB86659FD93u;
  Host& entry = hosts_[hash >> 48];
  const auto tag = std::max<uint16_t>(static_cast<uint16_t>(hash >> 32), 1);
  if (entry.tag != tag) entry = Host{tag, {}};
  return entry.states[PlaceOf(protocol)];
}

void ChecksumTrust::Learn(const IpAddress& host, uint8_t protocol, bool good) {
  State& entry = Find(host, protocol);
  // A frame counts once: by its transport's checksum, and by that of its IP header if it is bad.
  if (!good || protocol != kIpv4Header) ++sample_total_;
  sample_bad_ += !good;
  if (good) entry.good = true;
  if (!good && entry.bad < kBadEnough) ++entry.bad;
  entry.learned = entry.bad < kBadEnough;
}

void ChecksumTrust::SawGood(const IpAddress& host, uint8_t protocol) {
  State& entry = Find(host, protocol);
  if (!entry.good) entry.good = true;
}

bool ChecksumTrust::Overlooks(const IpAddress& host, uint8_t protocol) {
  if (sample_bad_ >= kSampleBadMin && sample_bad_ * 10 > sample_total_) return true;
  State& entry = Find(host, protocol);
  if (entry.good) return false;
  if (!entry.learned) return true;
  // The frames looked at come by once more: up to twice their number tells nothing new.
  if (++entry.bad >= 2 * kBadEnough) entry.learned = false;
  return false;
}

}  // namespace dfc
