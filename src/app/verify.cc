#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "commands.h"
#include "dfc/reader.h"
#include "dfc/time.h"
#include "output.h"
#include "reading.h"
#include "record_writer.h"
#include "verify_words.h"

namespace dfc {
namespace {

std::vector<Field> Fields() {
  using enum Field::Kind;
  return {{"sensor", kOptional}, {"minute", kOptional}, {"input", kOptional}, {"flow", kOptional},
          {"what", kText},       {"have", kNumber},     {"want", kNumber},    {"at_most", kNumber}};
}

// In the order of Fields().
std::vector<std::string> Record(const Finding& finding) {
  const bool counts = finding.have.has_value();
  return {
      finding.sensor,
      finding.t_minute_ns ? FormatTime(*finding.t_minute_ns) : "",
      finding.source ? fmt::format("{:016x}", *finding.source) : "",
      finding.flow ? FormatFlowId(*finding.flow) : "",
      finding.what,
      counts ? std::to_string(*finding.have) : "",
      counts ? std::to_string(finding.want) : "",
      counts ? std::to_string(static_cast<int>(finding.at_most)) : "",
  };
}

}  // namespace

int VerifyCommand(const CommonOptions& common, const VerifyOptions& options) {
  // Says what to do where there is no store.
  const absl::StatusOr<std::unique_ptr<Reader>> reader = OpenStoreForReading(common.store);
  if (!reader.ok()) return ReportFailure(reader.status());
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(common.store);
  if (!url.ok()) return ReportFailure(url.status());

  Output out(STDOUT_FILENO);
  const std::vector<Field> fields = Fields();
  std::optional<RecordWriter> records;
  if (options.format != Format::kTable) records.emplace(options.format, fields, out);
  const auto print = [&](const Finding& finding) {
    if (records) return records->Write(Record(finding));
    out.Write(FindingLine(finding));
    out.Put('\n');
  };
  const absl::StatusOr<Verified> verified = VerifyStore(*url, print);
  if (!verified.ok()) {
    out.Flush();
    return ReportFailure(verified.status());
  }
  if (records) {
    records->Finish();
    std::fputs(VerifiedText(*verified).c_str(), stderr);
  } else {
    out.Write(VerifiedText(*verified));
  }
  out.Flush();
  return verified->findings == 0 ? kExitDone : kExitFailed;
}

}  // namespace dfc
