// From a frame to a packet: link, network and transport headers, each read once and checked.
// Module: net
//
//   frame | link (tags, labels ...) | IPv4 or IPv6 | TCP, UDP, SCTP, ICMP ... | payload |
//              ^ ------- tunnels: GRE, VXLAN ... ------- |
//
// Tunnels are unwrapped to the innermost packet, which alone is one: what carried it is not counted
// again. Fragments are put together on every level, in bounded memory, so that whatever leaves has
// the ports that it has. Owned by the capture thread; Decode() does not allocate. Sources: RFC 791,
// 8200, 9293, 768, 792, 4443, 9260; those of tunnels are in src/net/.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dfc/host_policy.h"
#include "dfc/memory.h"
#include "dfc/packet.h"
#include "dfc/verdict.h"

namespace dfc {

class ChecksumTrust;
class FragmentTable;
class SctpChunks;
struct IpDatagram;
struct Walk;

enum class Checksums {
  kAuto,    // Verified, but for hosts that evidently leave them to their network cards.
  kVerify,  // A bad one is refused, whoever sent it and whatever it looks like.
  kIgnore,
};

struct DecodeOptions {
  Checksums checksums = Checksums::kAuto;
  size_t fragment_datagrams_max = 1024;  // Waiting for their rest; at least 4, see src/net/.
  uint64_t fragment_secret = 0;          // Any number that the senders of packets do not know.
  HostPolicies host_policies = {};       // Whose copy counts where fragments overlap.
};

// Fragmented datagrams by what became of them: `started` is the sum of the next six.
struct FragmentCounters {
  uint64_t started = 0;
  uint64_t whole = 0;
  uint64_t dropped = 0;     // A fragment broke the receiver's rules, and took the rest with it.
  uint64_t timed_out = 0;   // The rest did not come within 30 s, in IPv6 60 s.
  uint64_t over_share = 0;  // Made room for another of the same source, which held its share.
  uint64_t pushed_out = 0;  // The oldest of all: made room when everything was full.
  uint64_t unfinished = 0;  // Still waiting.
  uint64_t restarted = 0;   // Of those: times that the pieces so far were too far behind.
  uint64_t conflicts = 0;   // Fragments with other bytes for a place that was taken.
};

class Decoder {
 public:
  explicit Decoder(const DecodeOptions& options);
  ~Decoder();

  // On kOk `packet` is filled, but for `clock_ns`, and its payload lies in `frame` or, for a
  // datagram made of fragments, in the decoder until the next call, as its conflict does.
  Verdict Decode(const Frame& frame, Packet& packet);

  // After kOk, until it says false: sets `packet` to the next datagram of the same frame (SCTP may
  // have several), with `continues` set. The frame's bytes must still be there.
  bool NextDatagram(Packet& packet) { return has_chunks_ && NextChunk(packet); }

  // Looks at the first frames of an input ahead of time, to learn who fills in checksums.
  void LearnChecksums(std::span<const Frame> frames);

  FragmentCounters fragments() const;
  // Packets with a checksum that the sending host left to its network card, and that were taken.
  uint64_t checksums_offloaded() const { return checksums_offloaded_; }

 private:
  Verdict DecodeNetwork(const Walk& walk, const Frame& frame, IpDatagram& datagram);
  Verdict DecodeIp(const Walk& walk, const Frame& frame, IpDatagram& datagram, Packet& packet);
  Verdict PutTogether(const Frame& frame, IpDatagram& datagram, Packet& packet);
  Verdict DecodeTransport(const IpDatagram& datagram, const Frame& frame, Packet& packet);
  Verdict DecodeSctpPacket(const IpDatagram& datagram, bool verify, Packet& packet);
  Verdict CheckUdp(const IpDatagram& datagram, const Packet& packet);
  Verdict CheckChecksum(const IpDatagram& datagram, size_t checksum_at, Verdict bad);
  bool NextChunk(Packet& packet);
  const FragmentConflict* ConflictOf(const Packet& packet, uint64_t bytes);

  bool ChecksumPasses(bool good, bool unfilled, const IpDatagram& datagram, uint8_t protocol);

  Checksums checksums_;
  DecodeOptions aside_;  // Of the table of fragments while learning.
  bool learning_ = false;
  bool has_chunks_ = false;  // The frame that was decoded last may have more datagrams.
  uint64_t checksums_offloaded_ = 0;
  uint64_t conflict_bytes_ = 0;  // Of the fragments that made the frame at hand.
  std::unique_ptr<ChecksumTrust> trust_;
  std::unique_ptr<FragmentTable> fragments_;
  std::unique_ptr<SctpChunks> chunks_;
  std::unique_ptr<FragmentConflict> conflict_;  // Of the packet that was decoded last.
  MappedArray<uint8_t> carried_;  // A fragment that came in a datagram made of fragments.
};

}  // namespace dfc
