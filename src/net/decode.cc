#include "dfc/decode.h"

#include <utility>

#include "checksum.h"
#include "checksum_trust.h"
#include "fragments.h"
#include "ip.h"
#include "link.h"
#include "transport.h"

namespace dfc {

namespace {

constexpr uint16_t kDhcpServerPort = 67;
constexpr size_t kDatagramsAside = 64;

// A host without an address yet may speak DHCP (RFC 2131 4.1) or ICMPv6 (RFC 4861 7.2.2, RFC 3810).
bool MaySpeakWithoutAddress(const IpDatagram& datagram, const Packet& packet) {
  if (datagram.is_ipv6) return datagram.protocol == kIcmpv6;
  return datagram.protocol == kUdp && packet.tuple.destination_port == kDhcpServerPort;
}

}  // namespace

Decoder::Decoder(const DecodeOptions& options)
    : checksums_(options.checksums),
      aside_(options),
      trust_(std::make_unique<ChecksumTrust>()),
      fragments_(std::make_unique<FragmentTable>(options)) {
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
  fragments_ = std::move(real_fragments);
}

Verdict Decoder::DecodeNetwork(ByteSpan network, const Frame& frame, IpDatagram& datagram) {
  if (network.empty()) return Verdict::kTruncated;
  const size_t wire_bytes = frame.wire_bytes - (frame.bytes.size() - network.size());
  if (network[0] >> 4 == 6) return DecodeIpv6(network, wire_bytes, datagram);
  const Verdict verdict = DecodeIpv4(network, wire_bytes, datagram);
  if (verdict != Verdict::kOk) return verdict;
  if (checksums_ == Checksums::kIgnore || frame.checksums_unfilled) return verdict;
  const bool unfilled = LoadBig16(network, 10) == 0;
  const bool good = Ipv4ChecksumGood(network);
  return ChecksumPasses(good, unfilled, datagram, ChecksumTrust::kIpv4Header)
             ? Verdict::kOk
             : Verdict::kBadIpChecksum;
}

Verdict Decoder::Decode(const Frame& frame, Packet& packet) {
  ByteSpan network;
  Verdict verdict = DecodeLink(frame, network, packet.vlan);
  if (verdict != Verdict::kOk) return verdict;

  IpDatagram datagram;
  verdict = DecodeNetwork(network, frame, datagram);
  if (verdict != Verdict::kOk) return verdict;
  if (datagram.destination.IsZero()) return Verdict::kZeroDestination;

  packet.fragmented = datagram.is_fragment;
  if (datagram.is_fragment) {
    verdict = fragments_->Add(frame.time_ns, datagram);
    if (verdict == Verdict::kOk && datagram.is_ipv6) verdict = SkipIpv6Extensions(datagram);
    if (verdict != Verdict::kOk) return verdict;
  }
  packet.time_ns = frame.time_ns;
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
  Verdict verdict = Verdict::kOtherTransport;
  switch (datagram.protocol) {
    case kTcp:
      verdict = DecodeTcp(datagram, packet);
      if (verdict != Verdict::kOk || !verify) return verdict;
      return CheckChecksum(datagram, kTcpChecksumAt, Verdict::kBadTcpChecksum);
    case kUdp: {
      verdict = DecodeUdp(datagram, packet);
      if (verdict != Verdict::kOk || !verify) return verdict;
      // Zero: the sender made none. IPv6 forbids it but for tunnels (RFC 6935); it is let through.
      if (LoadBig16(datagram.payload, kUdpChecksumAt) == 0) return Verdict::kOk;
      IpDatagram exact = datagram;  // Bytes behind the UDP length are not summed.
      const size_t udp_bytes = LoadBig16(datagram.payload, 4);
      if (udp_bytes < exact.payload.size()) exact.payload = exact.payload.first(udp_bytes);
      exact.payload_missing = packet.payload_missing;
      return CheckChecksum(exact, kUdpChecksumAt, Verdict::kBadUdpChecksum);
    }
    case kIcmp:
    case kIcmpv6:
      if ((datagram.protocol == kIcmpv6) != datagram.is_ipv6) return Verdict::kOtherTransport;
      verdict = DecodeIcmp(datagram, packet);
      if (verdict != Verdict::kOk || !verify) return verdict;
      return CheckChecksum(datagram, kIcmpChecksumAt, Verdict::kBadIcmpChecksum);
    default:
      return Verdict::kOtherTransport;
  }
}

// A checksum that the sender left to its card is no error: the field then holds the sum of the
// pseudo header alone (Linux, Windows) or zero. What the snaplen cut can't be checked.
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
  const bool overlooked = unfilled || (keeps_trust && trust_->Overlooks(datagram.source, protocol));
  checksums_offloaded_ += overlooked;
  return overlooked;
}

}  // namespace dfc
