// Every packet and payload byte of a worker ends in exactly one sum of its own ledger cell.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine_run.h"
#include "talk.h"

namespace dfc {
namespace {

constexpr int64_t kT = Talk::kStartNs;

// The cells by number, "name:bytes" for what is not zero; flow_* as "name:packets".
std::vector<std::string> Tallies(std::vector<Packet> packets, const std::vector<uint32_t>& cells,
                                 size_t count) {
  FlowLimits limits = SmallLimits();
  limits.ledger_cells = count;
  RowCollector collector;
  FlowEngine engine(limits, "test", 1, collector);
  for (size_t n = 0; n < packets.size(); ++n) packets[n].ledger_cell = cells[n];
  engine.Update(packets);
  engine.Finish();
  std::vector<std::string> texts;
  for (uint32_t cell = 0; cell < count; ++cell) {
    std::string text;
    for (size_t at = FlowTally::kFirst; at < kOutcomeCount; ++at) {
      const auto outcome = static_cast<Outcome>(at);
      const FlowTally& tally = engine.tally(cell);
      const bool is_flow = outcome < Outcome::kTcpPayload;
      const uint64_t figure = is_flow ? tally.PacketsOf(outcome) : tally.BytesOf(outcome);
      if (figure != 0) text += fmt::format("{}:{} ", OutcomeName(outcome), figure);
    }
    texts.push_back(text);
  }
  return texts;
}

PacketBuilder Data(uint32_t seq, const std::string& text) {
  return Tcp("10.0.0.1:1", "10.0.0.2:2").Seq(seq).Data(text);
}
PacketBuilder Syn() { return Tcp("10.0.0.1:1", "10.0.0.2:2").Seq(99).Flags("S"); }

using Texts = std::vector<std::string>;

TEST(FlowLedger, CountsWhatIsStoredAtOnce) {
  Traffic traffic;
  traffic.Add(kT, Syn()).Add(kT, Data(100, "abc"));
  EXPECT_EQ(Tallies(traffic.packets(), {0, 0}, 1),
            (Texts{"flow_tcp:2 tcp_payload:3 tcp_stored:3 "}));
}

TEST(FlowLedger, CountsHeldBytesWhereTheyCameFrom) {
  Traffic traffic;
  traffic.Add(kT, Syn()).Add(kT, Data(103, "def")).Add(kT, Data(100, "abc"));
  EXPECT_EQ(Tallies(traffic.packets(), {0, 1, 2}, 3),
            (Texts{"flow_tcp:1 ", "flow_tcp:1 tcp_payload:3 tcp_stored:3 ",
                   "flow_tcp:1 tcp_payload:3 tcp_stored:3 "}));
}

TEST(FlowLedger, CountsWhatWaitsAtTheEndOfTheRun) {
  Traffic traffic;
  traffic.Add(kT, Syn()).Add(kT, Data(103, "def"));
  EXPECT_EQ(Tallies(traffic.packets(), {0, 1}, 2),
            (Texts{"flow_tcp:1 ", "flow_tcp:1 tcp_payload:3 tcp_stored:3 "}));
}

TEST(FlowLedger, CountsARepetitionWhereItCameFrom) {
  Traffic traffic;
  traffic.Add(kT, Syn()).Add(kT, Data(100, "abc")).Add(kT, Data(100, "abcd"));
  EXPECT_EQ(Tallies(traffic.packets(), {0, 0, 1}, 2),
            (Texts{"flow_tcp:2 tcp_payload:3 tcp_stored:3 ",
                   "flow_tcp:1 tcp_payload:4 tcp_stored:1 tcp_duplicate:3 "}));
}

TEST(FlowLedger, CountsHeldBytesThatFinCutsOffWhereTheyCameFrom) {
  Traffic traffic;
  traffic.Add(kT, Syn()).Add(kT, Data(103, "def")).Add(kT, Data(100, "abc").Flags("FA"));
  EXPECT_EQ(Tallies(traffic.packets(), {0, 1, 2}, 3),
            (Texts{"flow_tcp:1 ", "flow_tcp:1 tcp_payload:3 tcp_out_of_window:3 ",
                   "flow_tcp:1 tcp_payload:3 tcp_stored:3 "}));
}

TEST(FlowLedger, CountsTheTextOfAResetAsOutside) {
  Traffic traffic;
  traffic.Add(kT, Syn()).Add(kT, Data(100, "bye").Flags("R"));
  EXPECT_EQ(Tallies(traffic.packets(), {0, 0}, 1),
            (Texts{"flow_tcp:2 tcp_payload:3 tcp_out_of_window:3 "}));
}

TEST(FlowLedger, CountsDatagramsByProtocol) {
  Traffic traffic;
  traffic.Add(kT, Udp("10.0.0.1:1", "10.0.0.2:2").Data("abcd"));
  EXPECT_EQ(Tallies(traffic.packets(), {0}, 1),
            (Texts{"flow_udp:1 datagram_payload:4 datagram_stored:4 "}));
}

class FlowLedgerBalance : public testing::TestWithParam<uint64_t> {};

// A cell for every hundred packets, and memory so short that nothing can be waited for.
TEST_P(FlowLedgerBalance, HoldsInEveryCell) {
  Traffic traffic;
  traffic.AddAll(MixedFrames(GetParam(), 4'000));
  std::vector<Packet> packets = traffic.packets();
  for (size_t n = 0; n < packets.size(); ++n) {
    packets[n].ledger_cell = static_cast<uint32_t>(n / 100);
  }
  FlowLimits small = SmallLimits();
  small.content_bytes_max = 256 << 10;
  small.held_bytes_max = 4'096;
  small.flows_max = 64;
  for (FlowLimits limits : {SmallLimits(), small}) {
    limits.ledger_cells = packets.size() / 100 + 1;
    RowCollector collector;
    FlowEngine engine(limits, "test", 1, collector);
    engine.Update(packets);
    engine.Finish();
    uint64_t offered = 0, conflicting = 0;
    for (uint32_t cell = 0; cell < limits.ledger_cells; ++cell) {
      const FlowTally& tally = engine.tally(cell);
      uint64_t decided = 0;
      for (Outcome fate = Outcome::kTcpStored; fate <= kTcpFateLast;
           fate = static_cast<Outcome>(static_cast<int>(fate) + 1)) {
        decided += tally.BytesOf(fate);
      }
      EXPECT_EQ(decided, tally.BytesOf(Outcome::kTcpPayload)) << cell;
      EXPECT_EQ(tally.BytesOf(Outcome::kDatagramStored) + tally.BytesOf(Outcome::kDatagramConflict),
                tally.BytesOf(Outcome::kDatagramPayload));
      offered += decided;
      conflicting += tally.BytesOf(Outcome::kDatagramConflict);
    }
    EXPECT_GT(conflicting, 0u);
    EXPECT_GT(offered, 100'000u);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FlowLedgerBalance, testing::Range(uint64_t{1}, uint64_t{6}));

}  // namespace
}  // namespace dfc
