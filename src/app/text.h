// Text for people: escaping of what came off the wire, sizes, hex dumps, parsed sizes.
// Module: app
//
// Pure functions: no locale, no terminal, no clock. Nothing that leaves here can move a cursor,
// change a colour or reorder a line, whatever was in the packets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dfc/bytes.h"
#include "dfc/packet.h"
#include "dfc/utf8.h"

namespace dfc {

// Appends `bytes` as readable text. Kept: printable ASCII, line feed, tab, and, when `keep_utf8`,
// well-formed UTF-8. Written as \xNN, a byte at a time: C0 and C1 controls, DEL, line and paragraph
// separators, bidirectional controls, and what is not UTF-8. A carriage return just before a line
// feed is left out, any other one is \x0D. A backslash stays itself: this is for reading, not for
// turning back (--raw has the bytes).
void AppendEscaped(ByteSpan bytes, bool keep_utf8, std::string& out);

// `text` fit for one line of a message, a table or TSV: like AppendEscaped, with line feed,
// carriage return and tab written \n, \r and \t, and a backslash doubled.
std::string EscapeLine(std::string_view text);

// 16 bytes a line, the first of them at `offset`:
// "00000010  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|".
void AppendHexDump(ByteSpan bytes, uint64_t offset, std::string& out);

// "517 B", "1.21 kB", "384 MB": three digits, powers of 1,000.
std::string HumanBytes(uint64_t bytes);

// "1,234,567".
std::string Grouped(uint64_t number);

// "1 packet", "1,234 packets".
std::string Count(uint64_t count, std::string_view one, std::string_view many);

// "10.0.0.1:80", "[2001:db8::1]:80".
std::string FormatEndpoint(const IpAddress& address, uint16_t port);

// "384M", "2G", "512K", "65536", "1GiB": powers of 1,024. Nothing when it is no size or too large
// for 64 bits.
std::optional<uint64_t> ParseSize(std::string_view text);

}  // namespace dfc
