// Scripts of packets (packet_script.h) through decoder and flow engine; what comes out must add up.
//
//   o 5 3               what is scarce: 1 content, 2 flows, 4 patience; the receivers' policy
//   t0> S -1
//   ...
//
// Each packet is in one flow, each payload byte has one fate in the cell of its packet, and a
// flow's turns are what the flow counts. Every byte of a stream lies at the offset of its sequence
// number. Where nothing is scarce, two engines give the rows of one.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>

#include "dfc/decode.h"
#include "event_rows.h"
#include "fuzz_text.h"
#include "packet_script.h"

namespace dfc {
namespace {

constexpr uint32_t kCells = 3;

struct Setup {
  FlowLimits limits;
  HostPolicy policy = HostPolicy::kLinux;
  bool scarce = false;
};

Setup ParseSetup(std::string_view& text) {
  constexpr unsigned kContent = 1, kFlows = 2, kPatience = 4;
  Setup setup;
  std::string_view rest = text;
  std::string_view line;
  unsigned options = 0;
  if (TakeLine(rest, line) && line.starts_with("o ")) {
    Words words(line.substr(2));
    options = words.Count<unsigned>(8);
    setup.policy = static_cast<HostPolicy>(words.Count<size_t>(kHostPolicyCount));
    text = rest;
  }
  Expect(setup.limits.host_policies.Add(HostPolicyName(setup.policy)).ok());
  setup.scarce = options != 0;
  setup.limits.flows_max = (options & kFlows) != 0 ? 2 : 256;
  setup.limits.content_bytes_max = size_t{(options & kContent) != 0 ? 16u : 2'048u} << 10;
  if ((options & kPatience) != 0) {
    setup.limits.held_bytes_max = 1'024;
    setup.limits.gap_hold_ns = 1'000'000;
  }
  setup.limits.ledger_cells = kCells;
  return setup;
}

// What the decoder makes of a script, with the payloads of their own.
struct Traffic {
  std::deque<FrameBytes> payloads;
  std::vector<Packet> packets;
};

Traffic DecodeAll(const PacketScript& script, const HostPolicies& policies) {
  Traffic traffic;
  Decoder decoder(
      {.checksums = Checksums::kIgnore, .fragment_datagrams_max = 4, .host_policies = policies});
  int64_t clock_ns = INT64_MIN;
  for (const ScriptFrame& frame : script.frames) {
    clock_ns = std::max(clock_ns, frame.t_ns);
    Packet packet{};
    const Frame captured{frame.t_ns, frame.bytes, frame.wire_bytes, kLinkEthernet, false};
    if (decoder.Decode(captured, packet) != Verdict::kOk) continue;
    packet.clock_ns = clock_ns;
    packet.ledger_cell = static_cast<uint32_t>(traffic.packets.size() % kCells);
    do {
      traffic.payloads.emplace_back(packet.payload, packet.payload + packet.payload_bytes);
      packet.payload = traffic.payloads.back().data();
      traffic.packets.push_back(packet);
    } while (decoder.NextDatagram(packet));
  }
  return traffic;
}

struct Result {
  EventRows rows;
  std::array<FlowTally, kCells> tallies{};
};

// The packets by as many engines as wanted, `batch` at a time.
Result RunEngines(const Setup& setup, const Traffic& traffic, size_t engines, size_t batch) {
  Result result;
  for (size_t shard = 0; shard < engines; ++shard) {
    RowCollector collector;
    std::swap(collector.rows, result.rows);
    FlowEngine engine(setup.limits, "fuzz", 1, collector);
    std::vector<Packet> dealt;
    for (const Packet& packet : traffic.packets) {
      if (ShardHash(packet, 1) % engines == shard) dealt.push_back(packet);
    }
    for (size_t at = 0; at < dealt.size(); at += batch) {
      engine.Update(std::span(dealt).subspan(at, std::min(batch, dealt.size() - at)));
    }
    engine.Finish();
    for (uint32_t cell = 0; cell < kCells; ++cell) result.tallies[cell].Add(engine.tally(cell));
    std::swap(collector.rows, result.rows);
  }
  return result;
}

// By cell: packets of each kind and payload on offer are those sent, and each byte has one fate.
void CheckLedger(const Traffic& traffic, const std::array<FlowTally, kCells>& tallies) {
  std::array<FlowTally, kCells> sent{};
  for (const Packet& packet : traffic.packets) {
    FlowTally& cell = sent[packet.ledger_cell];
    const auto at = static_cast<size_t>(FlowOutcome(packet.tuple.protocol)) - FlowTally::kFirst;
    cell.packets[at] += !packet.continues;
    cell.bytes[at] += packet.continues ? 0 : packet.ip_bytes;
  }
  for (uint32_t cell = 0; cell < kCells; ++cell) {
    const FlowTally& tally = tallies[cell];
    Expect(tally.packets == sent[cell].packets);
    for (size_t at = 0; at < FlowTally::kPackets; ++at) {
      Expect(tally.bytes[at] == sent[cell].bytes[at]);
    }
    uint64_t decided = 0;
    for (auto fate = Outcome::kTcpStored; fate <= kTcpFateLast;
         fate = static_cast<Outcome>(static_cast<size_t>(fate) + 1)) {
      decided += tally.BytesOf(fate);
    }
    Expect(tally.BytesOf(Outcome::kTcpPayload) == decided);
    Expect(tally.BytesOf(Outcome::kDatagramPayload) == tally.BytesOf(Outcome::kDatagramStored));
  }
}

// What the turns of one side of one flow come to.
struct SideTurns {
  uint64_t content = 0, gap = 0, urgent = 0;
  uint64_t next = 0;  // Where the next turn of the stream must begin.
  int base = -1;      // Low six bits of the sequence number of offset 0.
};

void AddTurn(const TurnText& turn, SideTurns& side) {
  const auto kind = static_cast<TurnKind>(turn.kind);
  if (kind == TurnKind::kConflict) return;
  Expect(turn.offset == side.next);
  side.next += turn.length;
  if (kind == TurnKind::kGap) side.gap += turn.length;
  if (kind == TurnKind::kUrgent) side.urgent += turn.length;
  if (kind == TurnKind::kData || kind == TurnKind::kDatagram) side.content += turn.length;
}

// Linux joins what stands behind a FIN that it holds to what stands before it, as if FIN took no
// sequence number. `fins` is how often that may have been.
void CheckBytes(const TurnText& turn, std::string_view content, int fins, SideTurns& side) {
  for (uint64_t n = 0; n < turn.length; ++n) {
    const auto byte = static_cast<uint8_t>(content[turn.at + n]);
    const auto base = static_cast<int>((byte - turn.offset - n) & 63);
    if (side.base < 0) side.base = base;
    Expect(((base - side.base) & 63) <= fins);
  }
}

void CheckRows(const EventRows& rows, const PacketScript& script, HostPolicy policy) {
  const int fins = policy == HostPolicy::kLinux ? std::min(script.fins, 63) : 0;
  std::map<EventRows::Key, std::array<SideTurns, 2>> sums;
  for (const auto& [key, chunk] : rows.chunks()) {
    const FlowRow& flow = rows.flows().at(key.first);
    for (const TurnText& turn : ParseTurns(chunk.turns)) {
      Expect(turn.side < 2);
      SideTurns& side = sums[key.first][turn.side];
      AddTurn(turn, side);
      if (static_cast<TurnKind>(turn.kind) == TurnKind::kGap) continue;
      Expect(turn.at <= chunk.content.size() && chunk.content.size() - turn.at >= turn.length);
      if (!script.bytes_tell || flow.protocol != kTcp) continue;
      CheckBytes(turn, chunk.content, fins, side);
    }
  }
  for (const auto& [key, flow] : rows.flows()) {
    for (size_t at = 0; at < 2; ++at) {
      const SideTurns& side = sums[key][at];
      Expect(side.content == flow.counts[at].content_bytes);
      Expect(side.gap == flow.counts[at].gap_bytes);
      Expect(side.urgent == flow.counts[at].urgent_bytes);
    }
  }
  for (const auto& [key, message] : rows.icmp()) Expect(rows.flows().contains(key.first));
}

void Play(std::string_view text) {
  GTEST_FLAG_SET(throw_on_failure, true);  // EventRows has expectations of its own.
  const Setup setup = ParseSetup(text);
  const PacketScript script = ParsePackets(text);
  const Traffic traffic = DecodeAll(script, setup.limits.host_policies);
  const Result one = RunEngines(setup, traffic, 1, traffic.packets.size() + 1);
  CheckLedger(traffic, one.tallies);
  CheckRows(one.rows, script, setup.policy);
  if (setup.scarce) return;
  const Result two = RunEngines(setup, traffic, 2, 1);
  Expect(one.rows.Dump() == two.rows.Dump());
  CheckLedger(traffic, two.tallies);
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dfc::Play({dfc::AsChars(data), size});
  return 0;
}
