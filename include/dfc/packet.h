// A frame as captured and a packet as decoded: plain data that the threads hand on.
// Module: net
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "dfc/bytes.h"

namespace dfc {

// An IPv4 or IPv6 address in network order; IPv4 is mapped into ::ffff:0:0/96 (RFC 4291 2.5.5.2).
struct IpAddress {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const IpAddress&) const = default;
  bool IsIpv4() const;
  bool IsZero() const;  // 0.0.0.0 or ::
};

// "192.0.2.1" or RFC 5952 text; never brackets.
std::string FormatAddress(const IpAddress& address);
// False when `text` is no address.
bool ParseAddress(const std::string& text, IpAddress& address);

// https://www.iana.org/assignments/protocol-numbers
enum IpProtocol : uint8_t {
  kIcmp = 1,
  kIgmp = 2,
  kIpv4InIp = 4,
  kTcp = 6,
  kUdp = 17,
  kIpv6InIp = 41,
  kGre = 47,
  kAuthentication = 51,
  kIcmpv6 = 58,
  kNoNextHeader = 59,
  kL2tpv3 = 115,
  kSctp = 132,
};
inline bool IsIcmp(uint8_t protocol) { return protocol == kIcmp || protocol == kIcmpv6; }
inline bool HasPorts(uint8_t protocol) {
  return protocol == kTcp || protocol == kUdp || protocol == kSctp;
}

// Ordered: source to destination, as on the wire. For ICMP queries both ports are the identifier
// (as a NAT sees them); for other ICMP messages and protocols without ports they are zero.
struct FiveTuple {
  IpAddress source;
  IpAddress destination;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint8_t protocol = 0;

  bool operator==(const FiveTuple&) const = default;
};

// What libpcap calls link-layer header types, https://www.tcpdump.org/linktypes.html.
enum LinkType : uint16_t {
  kLinkNull = 0,
  kLinkEthernet = 1,
  kLinkPpp = 9,
  kLinkRawBsd = 12,
  kLinkRawOpenBsd = 14,
  kLinkPppHdlc = 50,
  kLinkPppEther = 51,
  kLinkRaw = 101,
  kLinkCiscoHdlc = 104,
  kLinkWlan = 105,
  kLinkFrameRelay = 107,
  kLinkLoop = 108,
  kLinkLinuxSll = 113,
  kLinkPrism = 119,
  kLinkRadiotap = 127,
  kLinkAvs = 163,
  kLinkPpi = 192,
  kLinkIpv4 = 228,
  kLinkIpv6 = 229,
  kLinkNflog = 239,
  kLinkLinuxSll2 = 276,
};

// One record of a capture. `bytes` is valid until the source is asked for the next frame.
struct Frame {
  int64_t time_ns = 0;
  ByteSpan bytes;           // What was captured.
  uint32_t wire_bytes = 0;  // What was on the wire; never less than bytes.size().
  uint16_t link_type = kLinkEthernet;
  bool checksums_unfilled = false;  // Made by this machine; the card would have filled them in.
};

// What carried a packet, other than its link. The numbers are stored.
enum class TunnelKind : uint8_t {
  kNone = 0,
  kMpls = 1,
  kPppoe = 2,
  kNsh = 3,
  kIpInIp = 4,
  kGre = 5,
  kPptp = 6,
  kErspan = 7,
  kL2tp = 8,
  kTeredo = 9,
  kAyiya = 10,
  kVxlan = 11,
  kGeneve = 12,
  kGtp = 13,
  kCapwap = 14,
};
inline constexpr size_t kTunnelKindCount = static_cast<size_t>(TunnelKind::kCapwap) + 1;
// "", "mpls", "pppoe", "nsh", "ipip", "gre", "pptp", "erspan", "l2tp", "teredo", "ayiya", "vxlan",
// "geneve", "gtp", "capwap".
const char* TunnelName(TunnelKind kind);

struct Tunnel {
  TunnelKind kind = TunnelKind::kNone;
  // The label, session, service path, key, call, network or endpoint; for L2TP version 2 tunnel and
  // session, 16 bits each; 0 for a kind without.
  uint32_t id = 0;
  bool operator==(const Tunnel&) const = default;
};

enum TcpFlag : uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32 };

// TCP options that were there, or-ed together: RFC 7323, RFC 2018, RFC 2385.
enum TcpOption : uint8_t {
  kTcpTimestamp = 1,
  kTcpWindowScale = 2,
  kTcpSackPermitted = 4,
  kTcpSignature = 8
};

// RFC 9293 3.1, host order. The window is as sent, not scaled.
struct TcpHeader {
  uint32_t seq;
  uint32_t ack;
  uint32_t timestamp;  // Valid with kTcpTimestamp.
  uint16_t window;
  uint16_t urgent;
  uint8_t flags;
  uint8_t options;
  uint8_t window_scale;  // Valid with kTcpWindowScale; at most 14.
};

// RFC 792 and RFC 4443. `ident` and `seq` are zero but for queries; `rest` is the second word of
// the header in host order (MTU, gateway, identifier and sequence number, ...).
struct IcmpHeader {
  uint8_t type;
  uint8_t code;
  uint16_t ident;
  uint16_t seq;
  uint16_t quoted_seq;  // Of a quoted query.
  uint32_t rest;
  bool is_query;    // Part of a request and reply pair, by `ident`.
  bool is_request;  // Of such a pair, the asking half.
  bool has_quote;   // An error that quotes a datagram; `quoted` is that datagram's tuple.
  bool quote_cut;   // As has_quote, but `quoted` has no ports: a later fragment, or too short.
  FiveTuple quoted;
  uint8_t quoted_type;  // Of a quoted ICMP message.
  bool quotes_request;  // What is quoted is the asking half of a pair.
};

// The copies of a packet's bytes that lost, of IP fragments that had other bytes for a place that
// was taken. The payload has the copies that count.
struct FragmentConflict {
  static constexpr size_t kBytesMax = 4'096;
  static constexpr size_t kRunsMax = 16;
  struct Run {
    uint32_t at;  // In the payload: of the byte that counts instead of the first one.
    uint32_t bytes;
  };

  uint64_t bytes;  // That lost; in headers, and past the bounds, they are only counted.
  uint32_t run_count;
  uint32_t kept_bytes;
  std::array<Run, kRunsMax> runs;
  std::array<uint8_t, kBytesMax> kept;  // Those of the runs, one run behind the other.

  // What is in use, from the front.
  size_t MemoryBytes() const { return sizeof *this - kBytesMax + kept_bytes; }

  // Calls each(at, bytes) for each run.
  template <typename Each>
  void ForEachRun(Each each) const {
    ByteSpan rest(kept.data(), kept_bytes);
    for (uint32_t n = 0; n < run_count; ++n) {
      each(runs[n].at, rest.first(runs[n].bytes));
      rest = rest.subspan(runs[n].bytes);
    }
  }
};

// A packet that passed every check. Trivially copyable; `payload` points into the frame at first
// and into the worker's block after the hand-off, which owns it until the block goes back.
struct Packet {
  int64_t time_ns;   // As captured.
  int64_t clock_ns;  // The largest time captured so far: never goes back. Timeouts use it.
  FiveTuple tuple;
  uint16_t vlan;             // Outermost VLAN id that is not 0, else 0.
  const uint8_t* payload;    // Transport payload (for ICMP: what follows the 8-byte header).
  uint32_t payload_bytes;    // Captured bytes of it.
  uint32_t payload_missing;  // Bytes of it that the snaplen cut off.
  uint32_t ip_bytes;         // Length of the innermost IP datagram on the wire.
  uint32_t ledger_cell = 0;  // Minute of which input the ledger counts it under; see Ledger.
  Tunnel tunnel;             // The innermost.
  const FragmentConflict* conflict;  // Lives as long as the payload; null where fragments agreed.
  uint8_t ttl;
  bool fragmented;    // Put together from fragments, itself or what carried it.
  bool has_datagram;  // TCP aside: the payload is a message. False where dfc does not know it.
  bool continues;     // A further datagram of the packet before this one, which has been counted.
  TcpHeader tcp;      // Valid when tuple.protocol is kTcp.
  IcmpHeader icmp;    // Valid when IsIcmp(tuple.protocol).
};

}  // namespace dfc
