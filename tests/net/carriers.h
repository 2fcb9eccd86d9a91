// Frames with a TCP segment inside, one of each way in which it may be carried.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "packet_builder.h"

namespace dfc {

// "0800 00ff" as bytes; blanks are for the eye.
FrameBytes Hex(std::string_view digits);
FrameBytes Join(std::initializer_list<FrameBytes> parts);

struct Carrier {
  const char* name;
  LinkType link;
  FrameBytes bytes;
  Tunnel tunnel;
};

// What all of them carry: "inside" from 10.1.0.1:1000 to 10.1.0.2:80.
PacketBuilder Inner();
FrameBytes InnerPacket();  // Beginning with the IP header.
FrameBytes InnerFrame();   // With an Ethernet header in front.

// UDP from 192.0.2.1:40000 to that port of 192.0.2.2, and another IP payload between the same.
FrameBytes OverUdp(uint16_t port, std::initializer_list<FrameBytes> parts);
FrameBytes OverIp(uint8_t protocol, std::initializer_list<FrameBytes> parts);
// An Ethernet frame of that type.
FrameBytes OverEthernet(uint16_t type, std::initializer_list<FrameBytes> parts);

std::vector<Carrier> LinkCarriers();
std::vector<Carrier> EthernetCarriers();
std::vector<Carrier> IpCarriers();
std::vector<Carrier> UdpCarriers();
std::vector<Carrier> AllCarriers();

}  // namespace dfc
