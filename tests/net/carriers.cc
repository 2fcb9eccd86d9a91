#include "carriers.h"

namespace dfc {

namespace {

constexpr std::string_view kLlc = "aaaa03 000000 0800";
// To an access point, then QoS and not; addresses are of no interest.
constexpr std::string_view kStation = "0801 0000 020000000001 020000000002 020000000003 1000";
constexpr std::string_view kQosStation =
    "8801 0000 020000000001 020000000002 020000000003 1000 0000";
constexpr std::string_view kRadio = "0000 0900 02000000 00";

FrameBytes Station() { return Join({Hex(kStation), Hex(kLlc), InnerPacket()}); }

std::string Count16(size_t count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 12; shift >= 0; shift -= 4) text += kDigits[(count >> shift) & 15];
  return text;
}

}  // namespace

FrameBytes Hex(std::string_view digits) {
  FrameBytes bytes;
  std::string pair;
  for (const char digit : digits) {
    if (digit != ' ') pair += digit;
    if (pair.size() < 2) continue;
    bytes.push_back(static_cast<uint8_t>(std::stoi(pair, nullptr, 16)));
    pair.clear();
  }
  return bytes;
}

FrameBytes Join(std::initializer_list<FrameBytes> parts) {
  FrameBytes all;
  for (const FrameBytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

PacketBuilder Inner() { return Tcp("10.1.0.1:1000", "10.1.0.2:80").Data("inside"); }
FrameBytes InnerPacket() { return Inner().Datagram(); }
FrameBytes InnerFrame() { return Inner().Bytes(); }

FrameBytes OverUdp(uint16_t port, std::initializer_list<FrameBytes> parts) {
  const std::string to = "192.0.2.2:" + std::to_string(port);
  return Udp("192.0.2.1:40000", to).Data(Join(parts)).Bytes();
}

FrameBytes OverIp(uint8_t protocol, std::initializer_list<FrameBytes> parts) {
  return PacketBuilder("192.0.2.1", "192.0.2.2", protocol).Data(Join(parts)).Bytes();
}

FrameBytes OverEthernet(uint16_t type, std::initializer_list<FrameBytes> parts) {
  const FrameBytes ends = Hex("020000000001 020000000002");
  return Join({ends, Hex(Count16(type)), Join(parts)});
}

std::vector<Carrier> LinkCarriers() {
  const FrameBytes packet = InnerPacket();
  const std::string nflog_length = Count16(packet.size() + 4);
  const FrameBytes swapped = Hex(nflog_length.substr(2) + nflog_length.substr(0, 2));
  return {
      {"PPP", kLinkPpp, Join({Hex("ff03 0021"), packet}), {}},
      {"PPP, compressed", kLinkPpp, Join({Hex("21"), packet}), {}},
      {"PPP in HDLC", kLinkPppHdlc, Join({Hex("ff03 0021"), packet}), {}},
      {"PPP that is Cisco's", kLinkPppHdlc, Join({Hex("0f00 0800"), packet}), {}},
      {"PPPoE",
       kLinkPppEther,
       Join({Hex("1100 0007"), Hex(Count16(packet.size() + 2)), Hex("0021"), packet}),
       {TunnelKind::kPppoe, 7}},
      {"Cisco HDLC", kLinkCiscoHdlc, Join({Hex("0f00 0800"), packet}), {}},
      {"frame relay, Cisco", kLinkFrameRelay, Join({Hex("1861 0800"), packet}), {}},
      {"frame relay, NLPID", kLinkFrameRelay, Join({Hex("1861 03cc"), packet}), {}},
      {"frame relay, SNAP", kLinkFrameRelay, Join({Hex("1861 0300 80 000000 0800"), packet}), {}},
      {"frame relay, bridged",
       kLinkFrameRelay,
       Join({Hex("18600001 0300 80 0080c2 0007"), InnerFrame()}),
       {}},
      {"802.11", kLinkWlan, Station(), {}},
      {"802.11, QoS", kLinkWlan, Join({Hex(kQosStation), Hex(kLlc), packet}), {}},
      {"802.11, HT control",
       kLinkWlan,
       Join({Hex("8881"), Hex(kQosStation.substr(5)), Hex("00000000"), Hex(kLlc), packet}),
       {}},
      {"802.11, four addresses",
       kLinkWlan,
       Join({Hex("0803"), Hex(kStation.substr(5)), Hex("020000000004"), Hex(kLlc), packet}),
       {}},
      {"radiotap", kLinkRadiotap, Join({Hex(kRadio), Station()}), {}},
      {"radiotap, time stamp",
       kLinkRadiotap,
       Join({Hex("0000 1900 03000080 00000000 00000000 0000000000000000 00"), Station()}),
       {}},
      {"radiotap, padded",
       kLinkRadiotap,
       Join({Hex("0000 0900 02000000 20"), Hex(kQosStation), Hex("0000"), Hex(kLlc), packet}),
       {}},
      {"Prism", kLinkPrism, Join({Hex("44000000 90000000"), FrameBytes(136, 0), Station()}), {}},
      {"AVS", kLinkAvs, Join({Hex("80211001 00000040"), FrameBytes(56, 0), Station()}), {}},
      {"PPI", kLinkPpi, Join({Hex("0000 0800 69000000"), Station()}), {}},
      {"NFLOG",
       kLinkNflog,
       Join({Hex("0200 002a 0500 0a00 00 000000"), swapped, Hex("0900"), packet}),
       {}},
      {"NFLOG, big-endian",
       kLinkNflog,
       Join({Hex("0200 002a 0005 000a 00 000000"), Hex(nflog_length), Hex("0009"), packet}),
       {}},
      {"cooked, LLC",
       kLinkLinuxSll,
       Join({Hex("0000 0001 0006 020000000001 0000 0004"), Hex(kLlc), packet}),
       {}},
  };
}

std::vector<Carrier> EthernetCarriers() {
  const FrameBytes packet = InnerPacket();
  const FrameBytes ppp = Join({Hex(Count16(packet.size() + 2)), Hex("0021"), packet});
  const auto frame = [](uint16_t type, std::initializer_list<FrameBytes> parts) {
    return OverEthernet(type, parts);
  };
  return {
      {"MPLS", kLinkEthernet, frame(0x8847, {Hex("0001013f"), packet}), {TunnelKind::kMpls, 16}},
      {"MPLS, three labels",
       kLinkEthernet,
       frame(0x8848, {Hex("0001003f 0002003f 0001113f"), packet}),
       {TunnelKind::kMpls, 17}},
      {"pseudowire",
       kLinkEthernet,
       frame(0x8847, {Hex("0001013f 00000000"), InnerFrame()}),
       {TunnelKind::kMpls, 16}},
      {"PPPoE", kLinkEthernet, frame(0x8864, {Hex("1100 0007"), ppp}), {TunnelKind::kPppoe, 7}},
      {"PPPoE in VLAN",
       kLinkEthernet,
       frame(0x8100, {Hex("0005 8864 1100 0007"), ppp}),
       {TunnelKind::kPppoe, 7}},
      {"NSH",
       kLinkEthernet,
       frame(0x894F, {Hex("0fc20201 000064ff"), packet}),
       {TunnelKind::kNsh, 100}},
      {"NSH, context",
       kLinkEthernet,
       frame(0x894F, {Hex("0fc60103 000064ff"), FrameBytes(16, 1), InnerFrame()}),
       {TunnelKind::kNsh, 100}},
      {"Cisco metadata", kLinkEthernet, frame(0x8909, {Hex("0101 0001 0064 0800"), packet}), {}},
  };
}

std::vector<Carrier> IpCarriers() {
  const FrameBytes packet = InnerPacket(), ethernet = InnerFrame();
  const FrameBytes length = Hex(Count16(packet.size() + 4));
  const auto over = [](uint8_t protocol, std::initializer_list<FrameBytes> parts) {
    return OverIp(protocol, parts);
  };
  return {
      {"IP in IP", kLinkEthernet, over(4, {packet}), {TunnelKind::kIpInIp, 0}},
      {"AH",
       kLinkEthernet,
       over(51, {Hex("0404 0000"), FrameBytes(20, 0), packet}),
       {TunnelKind::kIpInIp, 0}},
      {"GRE", kLinkEthernet, over(47, {Hex("0000 0800"), packet}), {TunnelKind::kGre, 0}},
      {"GRE, all fields",
       kLinkEthernet,
       over(47, {Hex("b000 0800 00000000 00000064 00000001"), packet}),
       {TunnelKind::kGre, 100}},
      {"NVGRE",
       kLinkEthernet,
       over(47, {Hex("2000 6558 00006400"), ethernet}),
       {TunnelKind::kGre, 0x6400}},
      {"PPTP",
       kLinkEthernet,
       over(47, {Hex("3081 880b"), length, Hex("0007 00000001 00000001 ff03 0021"), packet}),
       {TunnelKind::kPptp, 7}},
      {"ERSPAN I", kLinkEthernet, over(47, {Hex("0000 88be"), ethernet}), {TunnelKind::kErspan, 0}},
      {"ERSPAN II",
       kLinkEthernet,
       over(47, {Hex("1000 88be 00000001 1000 0064 00000000"), ethernet}),
       {TunnelKind::kErspan, 100}},
      {"ERSPAN III",
       kLinkEthernet,
       over(47, {Hex("1000 22eb 00000001 2000 0064 00000000 00000000"), ethernet}),
       {TunnelKind::kErspan, 100}},
      {"ERSPAN III, platform",
       kLinkEthernet,
       over(47,
            {Hex("1000 22eb 00000001 2000 0064 00000000 00000001"), FrameBytes(8, 0), ethernet}),
       {TunnelKind::kErspan, 100}},
      {"GRE in GRE",
       kLinkEthernet,
       over(47, {Hex("2000 0800 00000005"), PacketBuilder("10.9.0.1", "10.9.0.2", 47)
                                                .Data(Join({Hex("0000 0800"), packet}))
                                                .Datagram()}),
       {TunnelKind::kGre, 0}},
      {"L2TPv3", kLinkEthernet, over(115, {Hex("00000064"), ethernet}), {TunnelKind::kL2tp, 100}},
      {"L2TPv3, cookie",
       kLinkEthernet,
       over(115, {Hex("00000064 0102030405060708 40000001"), ethernet}),
       {TunnelKind::kL2tp, 100}},
  };
}

std::vector<Carrier> UdpCarriers() {
  const FrameBytes packet = InnerPacket(), ethernet = InnerFrame();
  const FrameBytes gtp_plain = Hex(Count16(packet.size()));
  const FrameBytes gtp_more = Hex(Count16(packet.size() + 8));
  const PacketBuilder inner6 = Tcp("[fd00::1]:1000", "[fd00::2]:80").Data("inside");
  const FrameBytes packet6 = inner6.Datagram();
  const FrameBytes station = Join({Hex("0108"), Hex(kStation.substr(5)), Hex(kLlc), packet});
  const auto over = [](uint16_t port, std::initializer_list<FrameBytes> parts) {
    return OverUdp(port, parts);
  };
  return {
      {"VXLAN",
       kLinkEthernet,
       over(4789, {Hex("08000000 00006400"), ethernet}),
       {TunnelKind::kVxlan, 100}},
      {"VXLAN, policy",
       kLinkEthernet,
       over(8472, {Hex("88080009 00006400"), ethernet}),
       {TunnelKind::kVxlan, 100}},
      {"VXLAN GPE",
       kLinkEthernet,
       over(4790, {Hex("0c000001 00006400"), packet}),
       {TunnelKind::kVxlan, 100}},
      {"Geneve",
       kLinkEthernet,
       over(6081, {Hex("0000 6558 00006400"), ethernet}),
       {TunnelKind::kGeneve, 100}},
      {"Geneve, options",
       kLinkEthernet,
       over(6081, {Hex("0240 0800 00006400 01020304 05060708"), packet}),
       {TunnelKind::kGeneve, 100}},
      {"GTP",
       kLinkEthernet,
       over(2152, {Hex("30ff"), gtp_plain, Hex("00000064"), packet}),
       {TunnelKind::kGtp, 100}},
      {"GTP, extension",
       kLinkEthernet,
       over(2152, {Hex("34ff"), gtp_more, Hex("00000064 00000085 01000000"), packet}),
       {TunnelKind::kGtp, 100}},
      {"Teredo", kLinkEthernet, over(3544, {packet6}), {TunnelKind::kTeredo, 0}},
      {"Teredo, origin",
       kLinkEthernet,
       over(3544, {Hex("0001 0000 0000000000000000 00 0000 1234 c0000209"), packet6}),
       {TunnelKind::kTeredo, 0}},
      {"AYIYA",
       kLinkEthernet,
       over(5072, {Hex("41 52 11 29 4af64bfd"), FrameBytes(36, 0), packet6}),
       {TunnelKind::kAyiya, 0}},
      {"L2TP",
       kLinkEthernet,
       over(1701, {Hex("0002 0001 0002 ff03 0021"), packet}),
       {TunnelKind::kL2tp, 0x00010002}},
      {"L2TP, all fields",
       kLinkEthernet,
       over(1701, {Hex("4a02"), Hex(Count16(packet.size() + 20)),
                   Hex("0001 0002 00000000 0002 0000 ff03 0021"), packet}),
       {TunnelKind::kL2tp, 0x00010002}},
      {"CAPWAP",
       kLinkEthernet,
       over(5247, {Hex("00100200 00000000"), ethernet}),
       {TunnelKind::kCapwap, 0}},
      {"CAPWAP, 802.11",
       kLinkEthernet,
       over(5247, {Hex("00200320 00000000 04bf2300 00000000"), station}),
       {TunnelKind::kCapwap, 0}},
  };
}

std::vector<Carrier> AllCarriers() {
  std::vector<Carrier> all = LinkCarriers();
  for (const std::vector<Carrier>& more : {EthernetCarriers(), IpCarriers(), UdpCarriers()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace dfc
