#include <algorithm>
#include <utility>

#include "walk.h"

namespace dfc {

// https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html: family, version, resource id, and then
// attributes of length and type, in the byte order of the host that wrote them, which nothing
// tells: it is the one in which the first length fits.
Verdict FollowNflog(Walk& walk) {
  constexpr size_t kHeaderBytes = 4, kAttributeBytes = 4;
  constexpr uint16_t kPayload = 9;
  if (walk.bytes.size() < kHeaderBytes) return Verdict::kTruncated;
  if (walk.bytes[1] != 0) return Verdict::kBadTunnelHeader;
  walk.Skip(kHeaderBytes);
  bool first = true, swapped = false;
  while (walk.wire_bytes() > 0) {
    if (walk.bytes.size() < kAttributeBytes) return Verdict::kTruncated;
    const auto load = [&](size_t at) {
      const uint16_t value = LoadBig16(walk.bytes, at);
      return swapped ? value : __builtin_bswap16(value);
    };
    if (std::exchange(first, false)) swapped = load(0) > walk.wire_bytes();
    const size_t length = load(0);
    if (length < kAttributeBytes || length > walk.wire_bytes()) return Verdict::kBadTunnelHeader;
    if (load(2) == kPayload) {
      walk.CutTo(length);
      walk.Skip(kAttributeBytes);
      return Verdict::kOk;
    }
    const size_t padded = (length + 3) & ~size_t{3};
    if (walk.bytes.size() < length) return Verdict::kTruncated;
    walk.Skip(std::min(padded, walk.bytes.size()));
  }
  return Verdict::kNotIp;
}

}  // namespace dfc
