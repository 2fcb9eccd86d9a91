#include "dfc/decode.h"

#include <algorithm>
#include <utility>

#include "checksum.h"
#include "checksum_trust.h"
#include "fragments.h"
#include "ip.h"
#include "link.h"
#include "sctp.h"
#include "transport.h"
#include "tunnel.h"

namespace dfc {

namespace {

constexpr uint16_t kDhcpServerPort = 67;
constexpr size_t kDatagramsAside = 64;
constexpr size_t kDatagramBytesMax = 65'535;

// A host without an address yet may speak DHCP (RFC 2131 4.1), IGMP (RFC 3376 4.2.13) or ICMPv6
// (RFC 4861 7.2.2, RFC 3810).
bool MaySpeakWithoutAddress(const IpDatagram& datagram, const Packet& packet) {
  if (datagram.is_ipv6) return datagram.protocol == kIcmpv6;
  if (datagram.protocol == kIgmp) return true;
  return datagram.protocol == kUdp && packet.tuple.destination_port == kDhcpServerPort;
}

// A protocol that dfc does not look into: its packets are counted.
Verdict CountOnly(Packet& packet) {
  packet.tuple.source_port = packet.tuple.destination_port = 0;
  packet.payload_bytes = packet.payload_missing = 0;
  packet.has_datagram = false;
  return packet.tuple.protocol == kNoNextHeader ? Verdict::kOtherTransport : Verdict::kOk;
}

// What follows the IP header, or for UDP the header behind it.
Walk WalkInto(const IpDatagram& datagram, const Packet& packet, const Walk& outside) {
  Walk walk = outside;
  const bool is_udp = datagram.protocol == kUdp;
  walk.bytes = is_udp ? ByteSpan(packet.payload, packet.payload_bytes) : datagram.payload;
  walk.missing_bytes = is_udp ? packet.payload_missing : datagram.payload_missing;
  return walk;
}

}  // namespace

Decoder::Decoder(const DecodeOptions& options)
    : checksums_(options.checksums),
      aside_(options),
      trust_(std::make_unique<ChecksumTrust>()),
      fragments_(std::make_unique<FragmentTable>(options)),
      chunks_(std::make_unique<SctpChunks>()),
      conflict_(std::make_unique<FragmentConflict>()),
      carried_(kDatagramBytesMax) {
  aside_.fragment_datagrams_max = kDatagramsAside;
}

Decoder::~Decoder() = default;

FragmentCounters Decoder::fragments() const {
  FragmentCounters counters = fragments_->counters();
  counters.unfinished = fragments_->datagrams_now();
  return counters;
}

void Decoder::LearnChecksums(std::span<const Frame> frames) {
  if (checksums_ != Checksums::kAuto) return;
  trust_->BeginInput();
  // Fragments are put together on the side: they will come by once more.
  auto real_fragments = std::exchange(fragments_, std::make_unique<FragmentTable>(aside_));
  learning_ = true;
  Packet packet{};
  for (const Frame& frame : frames) Decode(frame, packet);
  learning_ = false;
  has_chunks_ = false;
  fragments_ = std::move(real_fragments);
}

Verdict Decoder::DecodeNetwork(const Walk& walk, const Frame& frame, IpDatagram& datagram) {
  if (walk.bytes.empty()) return Verdict::kTruncated;
  if (walk.bytes[0] >> 4 == 6) return DecodeIpv6(walk.bytes, walk.wire_bytes(), datagram);
  const Verdict verdict = DecodeIpv4(walk.bytes, walk.wire_bytes(), datagram);
  if (verdict != Verdict::kOk) return verdict;
  if (checksums_ == Checksums::kIgnore || frame.checksums_unfilled) return verdict;
  const bool unfilled = LoadBig16(walk.bytes, 10) == 0;
  const bool good = Ipv4ChecksumGood(walk.bytes);
  return ChecksumPasses(good, unfilled, datagram, ChecksumTrust::kIpv4Header)
             ? Verdict::kOk
             : Verdict::kBadIpChecksum;
}

Verdict Decoder::PutTogether(const Frame& frame, IpDatagram& datagram, Packet& packet) {
  // What lies in the table already came in fragments itself, and its place may be needed now.
  if (packet.fragmented && datagram.payload.size() <= carried_.size()) {
    std::copy(datagram.payload.begin(), datagram.payload.end(), carried_.data());
    datagram.payload = ByteSpan(carried_.data(), datagram.payload.size());
  }
  packet.fragmented = true;
  datagram.conflict_bytes = conflict_bytes_;
  const Verdict verdict = fragments_->Add(frame.time_ns, datagram);
  conflict_bytes_ = datagram.conflict_bytes;
  if (verdict != Verdict::kOk || !datagram.is_ipv6) return verdict;
  return SkipIpv6Extensions(datagram);
}

Verdict Decoder::Decode(const Frame& frame, Packet& packet) {
  Walk walk;
  walk.bytes = frame.bytes;
  walk.missing_bytes = frame.wire_bytes - frame.bytes.size();
  packet.fragmented = packet.continues = has_chunks_ = false;
  conflict_bytes_ = 0;
  Verdict verdict = DecodeLink(frame.link_type, walk);
  if (verdict != Verdict::kOk) return verdict;
  // Once for each IP header: EnterTunnel() counts them.
  for (;;) {
    IpDatagram datagram;
    verdict = DecodeIp(walk, frame, datagram, packet);
    if (verdict != Verdict::kOk) return verdict;
    if (!MayBeTunnel(datagram.protocol, packet.tuple)) break;
    Walk inside = WalkInto(datagram, packet, walk);
    verdict = EnterTunnel(datagram.protocol, packet.tuple, inside);
    if (verdict == Verdict::kNotIp) break;
    if (verdict != Verdict::kOk) return verdict;
    walk = inside;
  }
  packet.time_ns = frame.time_ns;
  packet.vlan = walk.vlan;
  packet.tunnel = walk.tunnel;
  packet.conflict = conflict_bytes_ == 0 ? nullptr : ConflictOf(packet, conflict_bytes_);
  return Verdict::kOk;
}

// The lost copies that lie in the packet's payload, which is part of the fragments' whole. Of
// fragments that came in fragments those of the inner ones are known, the others counted.
const FragmentConflict* Decoder::ConflictOf(const Packet& packet, uint64_t bytes) {
  FragmentConflict& conflict = *conflict_;
  conflict.bytes = bytes;
  conflict.run_count = conflict.kept_bytes = 0;
  if (packet.payload_bytes == 0) return &conflict;
  const auto first = static_cast<size_t>(packet.payload - fragments_->whole());
  const size_t last = first + packet.payload_bytes;
  fragments_->lost().ForEachRun([&](size_t at, ByteSpan run) {
    const size_t begin = std::clamp(at, first, last);
    const size_t end = std::clamp(at + run.size(), first, last);
    if (begin == end) return;
    conflict.runs[conflict.run_count++] = {static_cast<uint32_t>(begin - first),
                                           static_cast<uint32_t>(end - begin)};
    std::copy_n(run.data() + (begin - at), end - begin, conflict.kept.data() + conflict.kept_bytes);
    conflict.kept_bytes += static_cast<uint32_t>(end - begin);
  });
  return &conflict;
}

// One IP packet, from its header to that of its transport.
Verdict Decoder::DecodeIp(const Walk& walk, const Frame& frame, IpDatagram& datagram,
                          Packet& packet) {
  Verdict verdict = DecodeNetwork(walk, frame, datagram);
  if (verdict != Verdict::kOk) return verdict;
  if (datagram.destination.IsZero()) return Verdict::kZeroDestination;
  if (datagram.is_fragment) verdict = PutTogether(frame, datagram, packet);
  if (datagram.protocol == kAuthentication && verdict == Verdict::kOk) {
    verdict = SkipIpv4Authentication(datagram);
  }
  if (verdict != Verdict::kOk) return verdict;

  packet.ttl = datagram.ttl;
  packet.ip_bytes = datagram.total_bytes;
  packet.tuple.source = datagram.source;
  packet.tuple.destination = datagram.destination;
  packet.tuple.protocol = datagram.protocol;
  verdict = DecodeTransport(datagram, frame, packet);
  if (verdict != Verdict::kOk) return verdict;
  if (datagram.source.IsZero() && !MaySpeakWithoutAddress(datagram, packet)) {
    return Verdict::kZeroSource;
  }
  return Verdict::kOk;
}

Verdict Decoder::DecodeTransport(const IpDatagram& datagram, const Frame& frame, Packet& packet) {
  const bool verify = checksums_ != Checksums::kIgnore && !frame.checksums_unfilled;
  packet.has_datagram = true;
  Verdict verdict = Verdict::kOtherTransport;
  switch (datagram.protocol) {
    case kTcp:
      verdict = DecodeTcp(datagram, packet);
      if (verdict != Verdict::kOk || !verify) return verdict;
      return CheckChecksum(datagram, kTcpChecksumAt, Verdict::kBadTcpChecksum);
    case kUdp:
      verdict = DecodeUdp(datagram, packet);
      return verdict == Verdict::kOk && verify ? CheckUdp(datagram, packet) : verdict;
    case kIcmp:
    case kIcmpv6:
      if ((datagram.protocol == kIcmpv6) != datagram.is_ipv6) return Verdict::kOtherTransport;
      verdict = DecodeIcmp(datagram, packet);
      if (verdict != Verdict::kOk || !verify) return verdict;
      return CheckChecksum(datagram, kIcmpChecksumAt, Verdict::kBadIcmpChecksum);
    case kSctp:
      return DecodeSctpPacket(datagram, verify, packet);
    default:
      return CountOnly(packet);
  }
}

Verdict Decoder::CheckUdp(const IpDatagram& datagram, const Packet& packet) {
  // Zero: the sender made none. IPv6 forbids it but for tunnels (RFC 6935); it is let through.
  if (LoadBig16(datagram.payload, kUdpChecksumAt) == 0) return Verdict::kOk;
  IpDatagram exact = datagram;  // Bytes behind the UDP length are not summed.
  const size_t udp_bytes = LoadBig16(datagram.payload, 4);
  if (udp_bytes < exact.payload.size()) exact.payload = exact.payload.first(udp_bytes);
  exact.payload_missing = packet.payload_missing;
  return CheckChecksum(exact, kUdpChecksumAt, Verdict::kBadUdpChecksum);
}

Verdict Decoder::DecodeSctpPacket(const IpDatagram& datagram, bool verify, Packet& packet) {
  const Verdict verdict = DecodeSctp(datagram, packet, *chunks_);
  if (verdict != Verdict::kOk) return verdict;
  has_chunks_ = packet.has_datagram;
  if (!verify || datagram.payload_missing > 0) return verdict;
  const bool unfilled = LoadBig32(datagram.payload, kSctpChecksumAt) == 0;
  return ChecksumPasses(SctpChecksumGood(datagram.payload), unfilled, datagram, kSctp)
             ? Verdict::kOk
             : Verdict::kBadSctpChecksum;
}

bool Decoder::NextChunk(Packet& packet) {
  has_chunks_ = chunks_->Next(packet);
  packet.continues = true;
  // Counted with the first of the frame's datagrams.
  packet.conflict = conflict_bytes_ == 0 ? nullptr : ConflictOf(packet, 0);
  return has_chunks_;
}

// A checksum that the sender left to its card holds the sum of the pseudo header alone (Linux,
// Windows) or zero. What the snaplen cut can't be checked.
Verdict Decoder::CheckChecksum(const IpDatagram& datagram, size_t checksum_at, Verdict bad) {
  if (datagram.payload_missing > 0 || datagram.source_routed) return Verdict::kOk;
  const ByteSpan segment = datagram.payload;
  const bool has_pseudo_header = datagram.protocol != kIcmp;
  const InternetSum pseudo = has_pseudo_header
                                 ? PseudoHeaderSum(datagram.source, datagram.destination,
                                                   datagram.protocol, segment.size())
                                 : InternetSum();
  InternetSum sum = pseudo;
  sum.Add(segment);
  const uint16_t field = LoadNative<uint16_t>(segment.data() + checksum_at);
  const bool unfilled = field == 0 || (has_pseudo_header && field == pseudo.Fold());
  return ChecksumPasses(sum.IsGood(), unfilled, datagram, datagram.protocol) ? Verdict::kOk : bad;
}

bool Decoder::ChecksumPasses(bool good, bool unfilled, const IpDatagram& datagram,
                             uint8_t protocol) {
  const bool keeps_trust = checksums_ == Checksums::kAuto;
  if (learning_) {
    if (good || !unfilled) trust_->Learn(datagram.source, protocol, good);
    return true;
  }
  if (good) {
    if (keeps_trust) trust_->SawGood(datagram.source, protocol);
    return true;
  }
  // Segments that the capturing host has joined (GRO) look unfilled, whoever sent them.
  const bool overlooked = keeps_trust && (unfilled || trust_->Overlooks(datagram.source, protocol));
  checksums_offloaded_ += overlooked;
  return overlooked;
}

}  // namespace dfc
