// What a frame came to: the one enum of everything that can be wrong on the wire.
// Module: net
//
// A verdict is returned and counted, never logged. `kOk` packets go to a worker; `kFragmentHeld`
// waits for the rest of its datagram; every other verdict ends the frame's life in the capture
// thread. The names are stored in the ledger and printed in the summary: never reuse one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dfc {

enum class Verdict : uint8_t {
  kOk,                  // Goes to the worker of its flow.
  kFragmentHeld,        // A fragment that waits for the rest of its datagram.
  kArp,                 // ARP and RARP carry no flow.
  kNotIp,               // Another network protocol (LLDP, STP, ...).
  kOtherTransport,      // IP without a payload (no next header), or ICMP of the other IP version.
  kUnknownLink,         // A link type that dfc does not know.
  kTruncated,           // The capture ends inside a header.
  kTooManyHeaders,      // More stacked headers than the limit: tags, labels, tunnels, extensions.
  kBadIpVersion,        // Not 4 or 6 where the link layer said so.
  kBadIpHeaderLength,   // IHL below 5, or a header longer than the datagram.
  kBadIpOption,         // An IPv4 option that does not fit the header; Linux drops the packet.
  kBadIpLength,         // IP total length shorter than its headers.
  kIpBeyondFrame,       // IP total length longer than the frame that carried it.
  kBadIpExtension,      // An IPv6 extension header that does not fit its datagram.
  kZeroSource,          // Source address zero where no RFC allows it.
  kZeroDestination,     // Destination address zero.
  kBadTcpHeaderLength,  // Data offset below 5 or past the segment: a data length below zero.
  kBadUdpLength,        // UDP length below 8 or past the datagram.
  kBadIcmpLength,       // ICMP message shorter than its header.
  kBadIpChecksum,
  kBadTcpChecksum,
  kBadUdpChecksum,
  kBadIcmpChecksum,
  kFragmentOverlap,    // Crosses another fragment: the datagram is dropped, as Linux does.
  kFragmentBeyond,     // Past 65,535 bytes, or past the datagram's known end.
  kFragmentLimit,      // Makes more pieces than are kept: the datagram is dropped.
  kFragmentDuplicate,  // Has no byte that counts: others are there, and they stay.
  kFragmentTiny,       // The first of an IPv6 datagram, without its whole transport header.
  kFragmentEcn,        // The last of a datagram of which only a part is ECN-capable.
  kBadTunnelHeader,    // A tunnel's or link's header that contradicts itself.
  kProtected,          // An IEEE 802.11 frame that is encrypted.
  kAggregated,         // An IEEE 802.11 frame with several others in it.
  kBadSctpLength,      // SCTP shorter than its header, or a chunk that does not fit.
  kBadSctpChecksum,
  kFiltered,  // Not wanted by the capture filter.
  // Of a live capture alone; nobody has decoded these.
  kDroppedByInterface,  // The network card or its driver had no room.
  kDroppedByKernel,     // The ring was full: the capture thread came too late.
  kDroppedBySensor,     // No empty block: the workers, or the store behind them, came too late.
  kOwnTraffic,          // Of a connection of this process itself.
};
inline constexpr size_t kVerdictCount = static_cast<size_t>(Verdict::kOwnTraffic) + 1;

// A short stable name, "bad_tcp_checksum", for stats, ledger and summary.
const char* VerdictName(Verdict verdict);

}  // namespace dfc
