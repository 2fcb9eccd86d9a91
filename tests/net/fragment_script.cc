#include "fragment_script.h"

#include <gtest/gtest.h>

#include <sstream>

#include "packet_builder.h"

namespace dfc {

std::vector<ScriptPiece> ParseScript(std::string_view script) {
  std::vector<ScriptPiece> pieces;
  std::istringstream words{std::string(script)};
  ScriptPiece piece{};
  char dash = 0;
  while (words >> piece.letter >> piece.begin >> dash >> piece.end) {
    piece.more = words.peek() != '.';
    if (!piece.more) words.get();
    pieces.push_back(piece);
  }
  return pieces;
}

IpDatagram FragmentOf(const std::string& payload, uint32_t at, bool more, uint32_t id,
                      std::string_view source) {
  IpDatagram datagram;
  datagram.source = Address(source);
  datagram.is_ipv6 = !datagram.source.IsIpv4();
  datagram.destination = Address(datagram.is_ipv6 ? "fd00::2" : "10.0.0.2");
  datagram.payload = AsBytes(payload.data(), payload.size());
  datagram.protocol = kUdp;
  datagram.header_bytes = datagram.is_ipv6 ? kIpv6HeaderBytes : kIpv4HeaderBytesMin;
  datagram.is_fragment = true;
  datagram.more_fragments = more;
  datagram.fragment_at = at;
  datagram.fragment_id = id;
  return datagram;
}

std::string Assemble(HostPolicy policy, std::string_view script, bool is_ipv6) {
  DecodeOptions options{.fragment_datagrams_max = 4};
  EXPECT_TRUE(options.host_policies.Add(HostPolicyName(policy)).ok());
  FragmentTable table(options);
  Verdict verdict = Verdict::kOk;
  for (const ScriptPiece& piece : ParseScript(script)) {
    const std::string bytes(piece.end - piece.begin, piece.letter);
    IpDatagram datagram =
        FragmentOf(bytes, piece.begin, piece.more, 1, is_ipv6 ? "fd00::1" : "10.0.0.1");
    verdict = table.Add(1, datagram);
    if (verdict != Verdict::kOk) continue;
    std::string text;
    for (size_t at = 0; at < datagram.payload.size(); at += 8) {
      text += static_cast<char>(datagram.payload[at]);
    }
    return text;
  }
  return VerdictName(verdict);
}

}  // namespace dfc
