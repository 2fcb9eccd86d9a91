#include "open_flow.h"

#include <fmt/format.h>

#include <limits>

#include "dfc/event.h"
#include "dfc/reader.h"
#include "dfc/time.h"

namespace dfc {

namespace {

// As long as the flow table waits for the next packet: docs/formats.md, "Timeouts".
constexpr int64_t kTcpIdleNs = 3600 * kNsPerSecond;
constexpr int64_t kAttemptIdleNs = 300 * kNsPerSecond;
constexpr int64_t kIcmpIdleNs = 60 * kNsPerSecond;
constexpr int64_t kOtherIdleNs = 180 * kNsPerSecond;

int64_t IdleNsMax(uint8_t protocol, FlowState state) {
  if (IsIcmp(protocol)) return kIcmpIdleNs;
  if (protocol != kTcp) return kOtherIdleNs;
  return state == FlowState::kAttempt ? kAttemptIdleNs : kTcpIdleNs;
}

bool IsEnded(FlowState state) {
  return state == FlowState::kClosed || state == FlowState::kReset || state == FlowState::kRejected;
}

// Of a time long ago everything has ended, so that it does not matter where the numbers end.
int64_t Before(int64_t now_ns, int64_t age_ns) {
  int64_t then_ns = 0;
  const bool overflow = __builtin_sub_overflow(now_ns, age_ns, &then_ns);
  return overflow ? std::numeric_limits<int64_t>::min() : then_ns;
}

}  // namespace

bool IsOpen(const FlowRow& row, int64_t now_ns) {
  if (IsEnded(row.state)) return false;
  return row.t_last_ns >= Before(now_ns, IdleNsMax(row.protocol, row.state));
}

std::string OpenCondition(int64_t now_ns, std::vector<SqlValue>& values) {
  for (const int64_t age_ns : {kIcmpIdleNs, kAttemptIdleNs, kTcpIdleNs, kOtherIdleNs}) {
    values.emplace_back(Before(now_ns, age_ns));
  }
  return fmt::format(
      "f.state < {} AND f.t_last >= CASE WHEN f.protocol IN ({}, {}) THEN ?"
      " WHEN f.protocol = {} AND f.state = {} THEN ? WHEN f.protocol = {} THEN ? ELSE ? END",
      static_cast<int>(FlowState::kClosed), static_cast<int>(kIcmp), static_cast<int>(kIcmpv6),
      static_cast<int>(kTcp), static_cast<int>(FlowState::kAttempt), static_cast<int>(kTcp));
}

}  // namespace dfc
