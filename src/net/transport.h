// TCP, UDP and ICMP headers at the front of an IP payload.
#pragma once

#include "dfc/packet.h"
#include "dfc/verdict.h"
#include "ip.h"

namespace dfc {

// Each fills its part of `packet`: ports, header and payload. RFC 9293 3.1; RFC 768; RFC 792, 4443.
Verdict DecodeTcp(const IpDatagram& datagram, Packet& packet);
Verdict DecodeUdp(const IpDatagram& datagram, Packet& packet);
Verdict DecodeIcmp(const IpDatagram& datagram, Packet& packet);

inline constexpr size_t kTcpChecksumAt = 16;
inline constexpr size_t kUdpChecksumAt = 6;
inline constexpr size_t kIcmpChecksumAt = 2;

}  // namespace dfc
