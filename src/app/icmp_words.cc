#include "icmp_words.h"

#include <fmt/format.h>

#include "dfc/time.h"
#include "icmp_details.h"
#include "icmp_names.h"
#include "text.h"

namespace dfc {

std::string IcmpTypeAndCode(const StoredIcmp& message) {
  const IcmpRow& row = message.row;
  const std::string type = IcmpTypeName(message.protocol, row.type);
  const std::string code = IcmpCodeName(message.protocol, row.type, row.code);
  if (!code.empty()) return fmt::format("{}: {}", type, code);
  return row.code == 0 ? type : fmt::format("{} ({})", type, row.code);
}

std::string IcmpQuotedText(const IcmpRow& row) {
  if (!row.has_quote) return "";
  const FiveTuple& quoted = row.quoted;
  if (row.quote_cut) {
    return fmt::format("{} {} > {}", ProtocolName(quoted.protocol), FormatAddress(quoted.source),
                       FormatAddress(quoted.destination));
  }
  return fmt::format("{} {} > {}", ProtocolName(quoted.protocol),
                     FormatEndpoint(quoted.source, quoted.source_port),
                     FormatEndpoint(quoted.destination, quoted.destination_port));
}

namespace {

// For people: the identifier of a ping is no port.
std::string QuotedWords(const IcmpRow& row) {
  const FiveTuple& quoted = row.quoted;
  if (!row.has_quote || row.quote_cut || !IsIcmp(quoted.protocol)) return IcmpQuotedText(row);
  return fmt::format("{} {} > {} id {}", ProtocolName(quoted.protocol),
                     FormatAddress(quoted.source), FormatAddress(quoted.destination),
                     quoted.source_port);
}

}  // namespace

std::string IcmpDetailsText(const StoredIcmp& message) {
  const IcmpRow& row = message.row;
  return IcmpDetails({message.protocol, row.type, row.code, row.rest, message.payload});
}

std::string IcmpRemarks(const StoredIcmp& message) {
  const IcmpRow& row = message.row;
  std::string remarks;
  if (row.pairing == IcmpPairing::kDuplicate) AddFact(remarks, "duplicate");
  if (row.pairing == IcmpPairing::kLate) AddFact(remarks, "late");
  if (row.pairing == IcmpPairing::kStray) AddFact(remarks, "no request seen");
  if (row.payload == IcmpPayload::kDiffers) AddFact(remarks, "payload differs");
  AddFact(remarks, QuotedWords(row));
  AddFact(remarks, IcmpDetailsText(message));
  const bool names_flow = row.has_quote && !row.quote_cut;
  if (names_flow && !message.has_about) AddFact(remarks, "no such flow in this store");
  return remarks;
}

std::string IcmpRoundTrip(int64_t rtt_ns, int decimals) {
  if (rtt_ns < 0) return "";
  return fmt::format("{:.{}f}", static_cast<double>(rtt_ns) / kNsPerMs, decimals);
}

}  // namespace dfc
