#include "balance.h"

#include <gtest/gtest.h>

namespace dfc {

uint64_t LedgerPackets(const EventRows& rows, Outcome first, Outcome last) {
  uint64_t packets = 0;
  for (const LedgerRow& row : rows.ledger()) {
    if (row.outcome >= first && row.outcome <= last) packets += row.packets;
  }
  return packets;
}

uint64_t LedgerBytes(const EventRows& rows, Outcome first, Outcome last) {
  uint64_t bytes = 0;
  for (const LedgerRow& row : rows.ledger()) {
    if (row.outcome >= first && row.outcome <= last) bytes += row.bytes;
  }
  return bytes;
}

// The run's counters are the sums of what its flows count.
void ExpectSums(const FlowCounters& counters, const EventRows& rows) {
  SideCounts sums;
  uint64_t flows = 0;
  for (const auto& [key, row] : rows.flows()) {
    ++flows;
    for (const SideCounts& side : row.counts) {
      sums.content_bytes += side.content_bytes;
      sums.gap_bytes += side.gap_bytes;
      sums.duplicate_bytes += side.duplicate_bytes;
      sums.conflict_bytes += side.conflict_bytes;
      sums.refused_bytes += side.refused_bytes;
      sums.urgent_bytes += side.urgent_bytes;
      sums.shed_bytes += side.shed_bytes;
    }
  }
  EXPECT_EQ(Total(counters.flows), flows);
  EXPECT_EQ(counters.content_bytes, sums.content_bytes);
  EXPECT_EQ(counters.gap_bytes, sums.gap_bytes);
  EXPECT_EQ(counters.duplicate_bytes, sums.duplicate_bytes);
  EXPECT_EQ(counters.conflict_bytes, sums.conflict_bytes);
  EXPECT_EQ(counters.refused_bytes, sums.refused_bytes);
  EXPECT_EQ(counters.urgent_bytes, sums.urgent_bytes);
  EXPECT_EQ(counters.shed_bytes, sums.shed_bytes);
  EXPECT_EQ(counters.icmp_messages, rows.icmp().size());
}

void ExpectBalanced(const PipelineReport& report, const EventRows& rows) {
  ExpectSums(report.flows, rows);
  uint64_t in_flows = 0;
  for (const auto& [key, row] : rows.flows()) {
    in_flows += row.counts[0].packets + row.counts[1].packets;
  }
  const auto ok = static_cast<size_t>(Verdict::kOk);
  EXPECT_EQ(in_flows, report.packets[ok]);
  constexpr auto kLast = static_cast<Outcome>(kVerdictCount - 1);
  EXPECT_EQ(LedgerPackets(rows, Outcome{0}, kLast), Total(report.packets));
  EXPECT_EQ(LedgerPackets(rows, Outcome::kCaptured, Outcome::kCaptured), Total(report.packets));
  EXPECT_EQ(LedgerPackets(rows, Outcome::kFlowTcp, Outcome::kFlowOther), in_flows);
  EXPECT_EQ(LedgerBytes(rows, Outcome::kTcpStored, kTcpFateLast),
            LedgerBytes(rows, Outcome::kTcpPayload, Outcome::kTcpPayload));
  EXPECT_EQ(LedgerBytes(rows, Outcome::kTcpStored, Outcome::kTcpStored) +
                LedgerBytes(rows, Outcome::kDatagramStored, Outcome::kDatagramStored),
            report.flows.content_bytes);
}

}  // namespace dfc
