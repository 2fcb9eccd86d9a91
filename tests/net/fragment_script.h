// Fragments in a small notation, given to a FragmentTable.
//
//   "A0-24 B16-32."    8-byte blocks are letters: bytes 0 to 24 of "A", then 16 to 32 of "B", the
//   end
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fragments.h"

namespace dfc {

struct ScriptPiece {
  char letter;
  uint32_t begin, end;
  bool more;
};

std::vector<ScriptPiece> ParseScript(std::string_view script);

// A fragment of a UDP datagram; `payload` must outlive it.
IpDatagram FragmentOf(const std::string& payload, uint32_t at, bool more, uint32_t id = 1,
                      std::string_view source = "10.0.0.1");

// Feeds the script to a fresh table for a receiver with `policy`. Returns a letter for each 8 bytes
// of what came out, else the last fragment's verdict.
std::string Assemble(HostPolicy policy, std::string_view script, bool is_ipv6 = false);

}  // namespace dfc
