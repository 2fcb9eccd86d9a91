#include "icmp_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "dfc/packet.h"

namespace dfc {
namespace {

struct TypeName {
  uint8_t type;
  const char* name;
};

struct CodeName {
  uint8_t type;
  uint8_t code;
  const char* name;
};

constexpr auto kTypes4 = std::to_array<TypeName>({
    {0, "Echo Reply"},
    {3, "Destination Unreachable"},
    {4, "Source Quench"},
    {5, "Redirect"},
    {6, "Alternate Host Address"},
    {8, "Echo"},
    {9, "Router Advertisement"},
    {10, "Router Solicitation"},
    {11, "Time Exceeded"},
    {12, "Parameter Problem"},
    {13, "Timestamp"},
    {14, "Timestamp Reply"},
    {15, "Information Request"},
    {16, "Information Reply"},
    {17, "Address Mask Request"},
    {18, "Address Mask Reply"},
    {19, "Reserved for Security"},
    {20, "Reserved for Robustness Experiment"},
    {21, "Reserved for Robustness Experiment"},
    {22, "Reserved for Robustness Experiment"},
    {23, "Reserved for Robustness Experiment"},
    {24, "Reserved for Robustness Experiment"},
    {25, "Reserved for Robustness Experiment"},
    {26, "Reserved for Robustness Experiment"},
    {27, "Reserved for Robustness Experiment"},
    {28, "Reserved for Robustness Experiment"},
    {29, "Reserved for Robustness Experiment"},
    {30, "Traceroute"},
    {31, "Datagram Conversion Error"},
    {32, "Mobile Host Redirect"},
    {33, "IPv6 Where-Are-You"},
    {34, "IPv6 I-Am-Here"},
    {35, "Mobile Registration Request"},
    {36, "Mobile Registration Reply"},
    {37, "Domain Name Request"},
    {38, "Domain Name Reply"},
    {39, "SKIP"},
    {40, "Photuris"},
    {41, "Experimental Mobility"},
    {42, "Extended Echo Request"},
    {43, "Extended Echo Reply"},
    {253, "RFC3692-style Experiment 1"},
    {254, "RFC3692-style Experiment 2"},
    {255, "Reserved"},
});

constexpr auto kTypes6 = std::to_array<TypeName>({
    {0, "Reserved"},
    {1, "Destination Unreachable"},
    {2, "Packet Too Big"},
    {3, "Time Exceeded"},
    {4, "Parameter Problem"},
    {100, "Private experimentation"},
    {101, "Private experimentation"},
    {127, "Reserved for Error Messages"},
    {128, "Echo Request"},
    {129, "Echo Reply"},
    {130, "Multicast Listener Query"},
    {131, "Multicast Listener Report"},
    {132, "Multicast Listener Done"},
    {133, "Router Solicitation"},
    {134, "Router Advertisement"},
    {135, "Neighbor Solicitation"},
    {136, "Neighbor Advertisement"},
    {137, "Redirect Message"},
    {138, "Router Renumbering"},
    {139, "Node Information Query"},
    {140, "Node Information Response"},
    {141, "Inverse ND Solicitation"},
    {142, "Inverse ND Advertisement"},
    {143, "Multicast Listener Report v2"},
    {144, "Home Agent Discovery Request"},
    {145, "Home Agent Discovery Reply"},
    {146, "Mobile Prefix Solicitation"},
    {147, "Mobile Prefix Advertisement"},
    {148, "Certification Path Solicitation"},
    {149, "Certification Path Advertisement"},
    {150, "Experimental Mobility"},
    {151, "Multicast Router Advertisement"},
    {152, "Multicast Router Solicitation"},
    {153, "Multicast Router Termination"},
    {154, "FMIPv6"},
    {155, "RPL Control"},
    {156, "ILNPv6 Locator Update"},
    {157, "Duplicate Address Request"},
    {158, "Duplicate Address Confirmation"},
    {159, "MPL Control"},
    {160, "Extended Echo Request"},
    {161, "Extended Echo Reply"},
    {200, "Private experimentation"},
    {201, "Private experimentation"},
    {255, "Reserved for Informational Messages"},
});

constexpr auto kCodes4 = std::to_array<CodeName>({
    {3, 0, "net unreachable"},
    {3, 1, "host unreachable"},
    {3, 2, "protocol unreachable"},
    {3, 3, "port unreachable"},
    {3, 4, "fragmentation needed"},
    {3, 5, "source route failed"},
    {3, 6, "net unknown"},
    {3, 7, "host unknown"},
    {3, 8, "source host isolated"},
    {3, 9, "net prohibited"},
    {3, 10, "host prohibited"},
    {3, 11, "net unreachable for TOS"},
    {3, 12, "host unreachable for TOS"},
    {3, 13, "administratively prohibited"},
    {3, 14, "precedence violation"},
    {3, 15, "precedence cutoff"},
    {5, 0, "for the net"},
    {5, 1, "for the host"},
    {5, 2, "for TOS and net"},
    {5, 3, "for TOS and host"},
    {6, 0, "for the host"},
    {9, 16, "does not route common traffic"},
    {11, 0, "TTL exceeded in transit"},
    {11, 1, "reassembly time exceeded"},
    {12, 0, "pointer shows the error"},
    {12, 1, "option missing"},
    {12, 2, "bad length"},
    {30, 0, "forwarded"},
    {30, 1, "no route, discarded"},
    {31, 0, "unspecified"},
    {31, 1, "don't convert"},
    {31, 2, "unknown mandatory option"},
    {31, 3, "unsupported option"},
    {31, 4, "unsupported transport"},
    {31, 5, "too long"},
    {31, 6, "IP header too long"},
    {31, 7, "transport protocol above 255"},
    {31, 8, "port out of range"},
    {31, 9, "transport header too long"},
    {31, 10, "32-bit rollover missing and ACK set"},
    {31, 11, "unknown mandatory transport option"},
    {40, 0, "bad SPI"},
    {40, 1, "authentication failed"},
    {40, 2, "decompression failed"},
    {40, 3, "decryption failed"},
    {40, 4, "need authentication"},
    {40, 5, "need authorization"},
    {43, 1, "malformed query"},
    {43, 2, "no such interface"},
    {43, 3, "no such table entry"},
    {43, 4, "multiple interfaces"},
});

constexpr auto kCodes6 = std::to_array<CodeName>({
    {1, 0, "no route"},
    {1, 1, "administratively prohibited"},
    {1, 2, "beyond scope of source"},
    {1, 3, "address unreachable"},
    {1, 4, "port unreachable"},
    {1, 5, "source failed policy"},
    {1, 6, "reject route"},
    {1, 7, "source routing error"},
    {1, 8, "headers too long"},
    {3, 0, "hop limit exceeded"},
    {3, 1, "reassembly time exceeded"},
    {4, 0, "erroneous header field"},
    {4, 1, "unknown next header"},
    {4, 2, "unknown option"},
    {4, 3, "incomplete first fragment"},
    {4, 4, "segment routing upper layer"},
    {4, 5, "next header unknown to a router"},
    {4, 6, "extension header too big"},
    {4, 7, "extension headers too long"},
    {4, 8, "too many extension headers"},
    {4, 9, "too many options"},
    {4, 10, "option too big"},
    {138, 0, "command"},
    {138, 1, "result"},
    {138, 255, "sequence number reset"},
    {139, 0, "about an IPv6 address"},
    {139, 1, "about a name"},
    {139, 2, "about an IPv4 address"},
    {140, 0, "success"},
    {140, 1, "refused"},
    {140, 2, "unknown query type"},
    {155, 0, "DODAG information solicitation"},
    {155, 1, "DODAG information object"},
    {155, 2, "destination advertisement"},
    {155, 3, "destination advertisement ack"},
    {155, 4, "P2P discovery reply"},
    {155, 5, "P2P discovery reply ack"},
    {155, 6, "measurement"},
    {155, 7, "destination cleanup"},
    {155, 8, "destination cleanup ack"},
    {155, 128, "secure DODAG information solicitation"},
    {155, 129, "secure DODAG information object"},
    {155, 130, "secure destination advertisement"},
    {155, 131, "secure destination advertisement ack"},
    {155, 135, "secure destination cleanup"},
    {155, 136, "secure destination cleanup ack"},
    {155, 138, "consistency check"},
    {161, 1, "malformed query"},
    {161, 2, "no such interface"},
    {161, 3, "no such table entry"},
    {161, 4, "multiple interfaces"},
});

}  // namespace

std::string IcmpTypeName(uint8_t protocol, uint8_t type) {
  const std::span<const TypeName> types =
      protocol == kIcmpv6 ? std::span<const TypeName>(kTypes6) : std::span<const TypeName>(kTypes4);
  const auto found = std::ranges::find(types, type, &TypeName::type);
  return found == types.end() ? fmt::format("type {}", type) : found->name;
}

std::string IcmpCodeName(uint8_t protocol, uint8_t type, uint8_t code) {
  const std::span<const CodeName> codes =
      protocol == kIcmpv6 ? std::span<const CodeName>(kCodes6) : std::span<const CodeName>(kCodes4);
  const auto is_it = [&](const CodeName& entry) {
    return entry.type == type && entry.code == code;
  };
  const auto found = std::ranges::find_if(codes, is_it);
  return found == codes.end() ? "" : found->name;
}

bool IcmpHasIdentifier(uint8_t protocol, uint8_t type) {
  if (protocol == kIcmpv6) return type == 128 || type == 129 || type == 160 || type == 161;
  return type == 0 || type == 8 || (type >= 13 && type <= 18) || type == 42 || type == 43;
}

}  // namespace dfc
