#include "turn_printer.h"

#include <fmt/format.h>

#include <iterator>

#include "dfc/time.h"
#include "text.h"

namespace dfc {
namespace {

constexpr const char* kClientColour = "\x1b[36m";
constexpr const char* kServerColour = "\x1b[33m";
constexpr const char* kLossColour = "\x1b[31m";
constexpr const char* kPlain = "\x1b[0m";

const char* MarkOf(const Turn& turn, bool utf8) {
  if (turn.kind == TurnKind::kConflict) return "!";
  if (turn.kind == TurnKind::kGap) return utf8 ? "░" : "#";
  if (turn.side == Side::kClient) return utf8 ? "▶" : ">";
  return utf8 ? "◀" : "<";
}

const char* ColourOf(const Turn& turn) {
  if (turn.kind == TurnKind::kGap || turn.kind == TurnKind::kConflict) return kLossColour;
  return turn.side == Side::kClient ? kClientColour : kServerColour;
}

const char* LengthWords(const Turn& turn) {
  switch (turn.kind) {
    case TurnKind::kGap:
      return turn.length == 1 ? "byte missing" : "bytes missing";
    case TurnKind::kConflict:
      return "bytes that another copy had instead";
    case TurnKind::kUrgent:
      return "urgent byte, out of band";
    case TurnKind::kData:
      break;
    case TurnKind::kDatagram:
      break;
  }
  return turn.length == 1 ? "byte" : "bytes";
}

// "+0.001234": seconds with microseconds.
std::string RelativeTime(int64_t delta_ns) {
  const char sign = delta_ns < 0 ? '-' : '+';
  const auto ns =
      delta_ns < 0 ? 0 - static_cast<uint64_t>(delta_ns) : static_cast<uint64_t>(delta_ns);
  const uint64_t us = ns / 1000;
  return fmt::format("{}{}.{:06}", sign, us / 1'000'000, us % 1'000'000);
}

}  // namespace

TurnPrinter::TurnPrinter(ShowOptions::View view, const Terminal& terminal, int64_t t_start_ns)
    : view_(view), terminal_(terminal), t_start_ns_(t_start_ns) {}

std::string TurnPrinter::Print(const Turn& turn) {
  std::string out;
  if (!Continues(turn)) CloseLine(out);
  if (line_open_) out.push_back('\n');
  line_open_ = false;
  AppendHead(turn, out);
  if (turn.kind == TurnKind::kGap) return out;
  if (view_ == ShowOptions::View::kHex) {
    AppendHexDump(turn.bytes, turn.offset, out);
  } else {
    AppendText(turn, out);
  }
  return out;
}

std::string TurnPrinter::Finish() {
  std::string out;
  CloseLine(out);
  return out;
}

void TurnPrinter::AppendHead(const Turn& turn, std::string& out) const {
  if (terminal_.colours) out.append(ColourOf(turn));
  fmt::format_to(std::back_inserter(out), "{} {}  {} s  offset {}  {} {}",
                 MarkOf(turn, terminal_.utf8), turn.side == Side::kClient ? "client" : "server",
                 RelativeTime(ElapsedNs(t_start_ns_, turn.t_ns)), turn.offset, Grouped(turn.length),
                 LengthWords(turn));
  if (terminal_.colours) out.append(kPlain);
  out.push_back('\n');
}

void TurnPrinter::AppendText(const Turn& turn, std::string& out) {
  std::string joined = std::move(cut_);
  cut_.clear();
  joined.append(AsChars(turn.bytes.data()), turn.bytes.size());
  ByteSpan bytes = AsBytes(joined.data(), joined.size());
  if (turn.kind == TurnKind::kData) {
    const ByteSpan cut = bytes.last(Utf8CutBytes(bytes));
    cut_.assign(AsChars(cut.data()), cut.size());
    cut_side_ = turn.side;
    cut_end_ = turn.offset + turn.bytes.size();
    bytes = bytes.first(bytes.size() - cut.size());
  }
  // A terminal of another character set may take bytes of UTF-8 for controls.
  const bool keep_utf8 = terminal_.utf8 || !terminal_.is_terminal;
  const size_t before = out.size();
  AppendEscaped(bytes, keep_utf8, out);
  line_open_ = !cut_.empty() || (out.size() > before && out.back() != '\n');
}

// Ends the text of the turn before: what is left of a cut character is no character any more.
void TurnPrinter::CloseLine(std::string& out) {
  AppendEscaped(AsBytes(cut_.data(), cut_.size()), true, out);
  cut_.clear();
  if (line_open_) out.push_back('\n');
  line_open_ = false;
}

bool TurnPrinter::Continues(const Turn& turn) const {
  return turn.kind == TurnKind::kData && turn.side == cut_side_ && turn.offset == cut_end_;
}

}  // namespace dfc
