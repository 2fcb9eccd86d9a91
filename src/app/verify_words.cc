#include "verify_words.h"

#include <fmt/format.h>

#include "dfc/reader.h"
#include "dfc/time.h"
#include "text.h"

namespace dfc {
namespace {

std::string Where(const Finding& finding) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    text += text.empty() ? part : fmt::format(", {}", part);
  };
  if (!finding.sensor.empty()) add(fmt::format("sensor {}", finding.sensor));
  if (finding.t_minute_ns) add(FormatTime(*finding.t_minute_ns));
  if (finding.source) add(fmt::format("input {:016x}", *finding.source));
  if (finding.flow) add(fmt::format("flow {}", FormatFlowId(*finding.flow)));
  return text.empty() ? "store" : text;
}

std::string Difference(const Finding& finding) {
  const bool few = *finding.have < finding.want;
  const uint64_t difference = few ? finding.want - *finding.have : *finding.have - finding.want;
  return fmt::format("{} too {}", difference, few ? "few" : "many");
}

}  // namespace

std::string FindingLine(const Finding& finding) {
  std::string line = fmt::format("{}: {}", Where(finding), finding.what);
  if (finding.have) {
    line += fmt::format(": {}, must be {}{} ({})", *finding.have, finding.at_most ? "at most " : "",
                        finding.want, Difference(finding));
  }
  return EscapeLine(line);
}

std::string VerifiedText(const Verified& verified) {
  const std::string found =
      verified.findings == 0 ? "all in order" : Count(verified.findings, "finding", "findings");
  std::string text = fmt::format(
      "{}: {}, {}, {}, {} with {}, {}\n", found, Count(verified.sensors, "sensor", "sensors"),
      Count(verified.minutes, "minute", "minutes"), Count(verified.flows, "flow", "flows"),
      Count(verified.chunks, "chunk", "chunks"), HumanBytes(verified.content_bytes),
      Count(verified.icmp_messages, "ICMP message", "ICMP messages"));
  if (verified.unfinished_blocks != 0) {
    text += fmt::format(
        "{} of a run that goes on, has failed or was killed: let it end, or repeat it\n",
        Count(verified.unfinished_blocks, "block", "blocks"));
  }
  if (verified.kept_from_ns) {
    text += fmt::format("before {} all but pinned flows was dropped; only those are looked at\n",
                        FormatTime(*verified.kept_from_ns));
  }
  return text;
}

}  // namespace dfc
