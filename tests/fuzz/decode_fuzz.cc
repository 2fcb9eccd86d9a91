// Any bytes as frames. The input is a row of records, so that fragments can meet:
//
//   link type (1 byte, an index) | captured (1) | missing (1) | the frame ...
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "dfc/decode.h"

namespace dfc {
namespace {

// In this order for ever: the corpus names them by number.
constexpr uint16_t kLinks[] = {kLinkEthernet,   kLinkNull,      kLinkRaw,        kLinkLoop,
                               kLinkLinuxSll,   kLinkLinuxSll2, kLinkRawOpenBsd, 147,
                               kLinkPpp,        kLinkPppHdlc,   kLinkPppEther,   kLinkCiscoHdlc,
                               kLinkFrameRelay, kLinkWlan,      kLinkRadiotap,   kLinkPrism,
                               kLinkAvs,        kLinkPpi,       kLinkNflog};

// Abort is how a fuzz target says that a promise was broken.
void Expect(bool promise) {
  if (!promise) std::abort();
}

// Decodes every record; returns what the verdicts come to, so that two decoders can be compared.
uint64_t DecodeAll(ByteSpan input, Checksums checksums, bool looks_ahead) {
  Decoder decoder({.checksums = checksums, .fragment_datagrams_max = 4});
  Packet packet{};
  uint64_t outcome = 0;
  int64_t t_ns = 0;
  for (; input.size() > 3; t_ns += 1'000'000'000) {
    const uint16_t link = kLinks[input[0] % std::size(kLinks)];
    const size_t captured = std::min<size_t>(input[1], input.size() - 3);
    const auto wire_bytes = static_cast<uint32_t>(captured + input[2]);
    const ByteSpan bytes = input.subspan(3, captured);
    input = input.subspan(3 + captured);

    const Frame frame{t_ns, bytes, wire_bytes, link, false};
    if (looks_ahead) decoder.LearnChecksums({&frame, 1});
    const Verdict verdict = decoder.Decode(frame, packet);
    Expect(verdict < Verdict::kFiltered);
    outcome = outcome * 31 + static_cast<uint64_t>(verdict);
    if (verdict != Verdict::kOk) continue;
    size_t datagrams = 0;
    do {
      Expect(packet.payload_bytes <= 65'535);
      Expect(packet.fragmented || packet.payload_bytes <= captured);
      Expect(packet.vlan < 4096 && !packet.tuple.destination.IsZero());
      Expect(static_cast<size_t>(packet.tunnel.kind) < kTunnelKindCount);
      Expect(++datagrams <= 65'535 / 16);
      for (uint32_t at = 0; at < packet.payload_bytes; ++at) outcome += packet.payload[at];
    } while (decoder.NextDatagram(packet));
  }
  return outcome;
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dfc::ByteSpan input(data, size);
  constexpr dfc::Checksums kModes[] = {dfc::Checksums::kAuto, dfc::Checksums::kVerify,
                                       dfc::Checksums::kIgnore};
  const dfc::Checksums checksums = kModes[size % std::size(kModes)];
  const bool looks_ahead = size % 2 == 0;
  const uint64_t outcome = dfc::DecodeAll(input, checksums, looks_ahead);
  dfc::Expect(outcome == dfc::DecodeAll(input, checksums, looks_ahead));
  return 0;
}
