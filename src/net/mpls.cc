#include "walk.h"

namespace dfc {

// Nothing in a label says what it carries. The first four bits behind the last one do, by agreement
// (RFC 4928): 4 and 6 are IP, 0 is the control word of a pseudowire, which here is taken to be
// Ethernet. A pseudowire without a control word can't be told from anything else.
Verdict FollowMpls(Walk& walk) {
  bool last = false;
  while (!last) {
    if (!walk.Stack()) return Verdict::kTooManyHeaders;
    if (walk.bytes.size() < 4) return Verdict::kTruncated;
    const uint32_t entry = LoadBig32(walk.bytes, 0);
    last = (entry & 0x100) != 0;
    walk.tunnel = {TunnelKind::kMpls, entry >> 12};
    walk.Skip(4);
  }
  if (walk.bytes.empty()) return Verdict::kTruncated;
  const int nibble = walk.bytes[0] >> 4;
  if (nibble == 4 || nibble == 6) return Verdict::kOk;
  if (nibble != 0) return Verdict::kNotIp;
  if (!walk.Stack()) return Verdict::kTooManyHeaders;
  if (walk.bytes.size() < 4) return Verdict::kTruncated;
  walk.Skip(4);
  return FollowEthernet(walk);
}

}  // namespace dfc
