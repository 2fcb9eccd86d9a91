#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "commands.h"
#include "dfc/dead_letters.h"
#include "dfc/spool_state.h"
#include "dfc/time.h"
#include "output.h"
#include "record_writer.h"
#include "run_spool.h"
#include "text.h"

namespace dfc {
namespace {

// Of a row that is tried again: that of its part, under which it was set aside, is taken.
constexpr uint64_t kRetriedMarker = uint64_t{1} << 62;
constexpr size_t kReasonsMax = 10;

struct Facts {
  SpoolContents contents;
  SpoolState state;
  bool is_known = false;  // A sensor has run here.
  int64_t now_ns = 0;
};

double SecondsSince(int64_t t_ns, int64_t now_ns) {
  return t_ns == 0 ? 0.0 : static_cast<double>(std::max<int64_t>(now_ns - t_ns, 0)) / kNsPerSecond;
}

std::vector<Field> Fields() {
  using enum Field::Kind;
  return {{"directory", kText},       {"in_use", kNumber},         {"blocks", kNumber},
          {"rows", kNumber},          {"bytes", kNumber},          {"bytes_max", kNumber},
          {"segments", kNumber},      {"segments_aside", kNumber}, {"age_s", kNumber},
          {"spooled_per_s", kNumber}, {"stored_per_s", kNumber},   {"rows_stored", kNumber},
          {"rows_spooled", kNumber},  {"rows_dropped", kNumber},   {"rows_unreadable", kNumber},
          {"refused", kNumber},       {"dead_letters", kNumber},   {"away_s", kNumber},
          {"reason", kText},          {"told", kOptional}};
}

// In the order of Fields().
std::vector<std::string> Record(const std::string& folder, const Facts& facts) {
  const SpoolContents& contents = facts.contents;
  const SpoolState& state = facts.state;
  const auto number = [](uint64_t value) { return std::to_string(value); };
  return {folder,
          contents.in_use ? "true" : "false",
          number(contents.waiting.blocks),
          number(contents.waiting.rows),
          number(contents.bytes),
          number(state.bytes_max),
          number(contents.segments),
          number(contents.segments_aside),
          fmt::format("{:.1f}", SecondsSince(contents.t_oldest_ns, facts.now_ns)),
          number(state.spooled_per_s),
          number(state.stored_per_s),
          number(state.rows_stored),
          number(state.rows_spooled),
          number(state.rows_dropped),
          number(state.rows_unreadable),
          number(state.blocks_refused),
          number(contents.dead_rows),
          fmt::format("{:.1f}", SecondsSince(state.away_since_ns, facts.now_ns)),
          state.reason,
          facts.is_known ? FormatTime(state.t_ns) : ""};
}

void Print(const std::string& folder, const Facts& facts, Output& out) {
  const SpoolContents& contents = facts.contents;
  const SpoolState& state = facts.state;
  const auto line = [&](const char* name, const std::string& text) {
    out.Write(fmt::format("  {:<10} {}\n", name, text));
  };
  out.Write(
      fmt::format("{}{}\n", EscapeLine(folder), contents.in_use ? "" : ": no sensor is using it"));
  line("waiting",
       fmt::format("{} in {}, {}{}", Count(contents.waiting.rows, "row", "rows"),
                   Count(contents.waiting.blocks, "block", "blocks"), HumanBytes(contents.bytes),
                   state.bytes_max == 0 ? "" : " of " + HumanBytes(state.bytes_max)));
  if (contents.t_oldest_ns != 0) {
    line("age", fmt::format("{:.0f} s", SecondsSince(contents.t_oldest_ns, facts.now_ns)));
  }
  if (facts.is_known) {
    line("rate", fmt::format("{} rows/s in, {} rows/s stored, at {}", Grouped(state.spooled_per_s),
                             Grouped(state.stored_per_s), FormatTime(state.t_ns)));
    line("run", fmt::format("{} rows stored, {} spooled, {} dropped, {} unreadable",
                            Grouped(state.rows_stored), Grouped(state.rows_spooled),
                            Grouped(state.rows_dropped), Grouped(state.rows_unreadable)));
  }
  if (state.away_since_ns != 0) {
    line("store",
         fmt::format("away for {:.0f} s: {}", SecondsSince(state.away_since_ns, facts.now_ns),
                     EscapeLine(state.reason)));
  }
  if (contents.segments_aside > 0) {
    line("aside", fmt::format("{} of another version or sensor",
                              Count(contents.segments_aside, "segment", "segments")));
  }
  line("dead", Count(contents.dead_rows, "row", "rows"));
}

void PrintReasons(const std::string& folder, SpoolFiles& files, Output& out) {
  std::map<std::string, uint64_t> reasons;
  DeadLetters dead(folder, "", files);
  dead.ForEach([&](const EventBlock&, const DeadLetter& letter) {
        if (reasons.size() < kReasonsMax || reasons.contains(letter.reason)) {
          ++reasons[letter.reason];
        }
      })
      .IgnoreError();
  for (const auto& [reason, rows] : reasons) {
    out.Write(fmt::format("{:13}{}  {}\n", "", Grouped(rows), EscapeLine(reason)));
  }
}

int Status(const std::string& folder, const SpoolCommandOptions& options) {
  const std::unique_ptr<SpoolFiles> files = SystemSpoolFiles();
  Facts facts;
  const absl::StatusOr<SpoolContents> contents = LookAtSpool(*files, folder);
  if (absl::IsNotFound(contents.status())) {
    PrintError(fmt::format("no spool in {}; --sensor and --spool-dir name another", folder));
    return kExitFailed;
  }
  if (!contents.ok()) return ReportFailure(Annotate(contents.status(), "spool"));
  facts.contents = *contents;
  facts.now_ns = WallClockNs();
  if (const absl::StatusOr<SpoolState> state = ReadSpoolState(*files, folder); state.ok()) {
    facts.state = *state;
    facts.is_known = true;
  }
  if (facts.is_known && contents->in_use) {
    facts.contents.waiting = {facts.state.blocks_waiting, facts.state.rows_waiting};
    if (facts.state.blocks_waiting == 0) facts.contents.t_oldest_ns = 0;
  }
  Output out(STDOUT_FILENO);
  if (options.format == Format::kTable) {
    Print(folder, facts, out);
    PrintReasons(folder, *files, out);
    return kExitDone;
  }
  const std::vector<Field> fields = Fields();
  RecordWriter records(options.format, fields, out);
  records.Write(Record(folder, facts));
  records.Finish();
  return kExitDone;
}

int Retry(const CommonOptions& common, const std::string& folder) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(common.store);
  if (!url.ok()) return ReportFailure(url.status());
  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(*url, common.sensor);
  if (!store.ok()) {
    PrintError(MessageOf(store.status()));
    return kExitFailed;
  }
  const std::unique_ptr<SpoolFiles> files = SystemSpoolFiles();
  DeadLetters dead(folder, common.sensor, *files);
  EventBlock again;
  const auto retried = dead.Retry([&](const EventBlock& block, const DeadLetter&) {
    DFC_CHECK(again.Assign(block.bytes()));
    again.epoch = block.epoch;
    again.sequence = block.sequence | kRetriedMarker;
    return (*store)->Write(again);
  });
  if (!retried.ok()) {
    PrintError(MessageOf(retried.status()));
    return kExitFailed;
  }
  Output out(STDOUT_FILENO);
  out.Write(fmt::format("{} stored, {} refused again\n", Count(retried->stored, "row", "rows"),
                        Grouped(retried->kept)));
  return retried->kept == 0 ? kExitDone : kExitFailed;
}

}  // namespace

int SpoolCommand(const CommonOptions& common, const SpoolCommandOptions& options) {
  const std::string folder = SpoolFolder(options.directory, common.sensor);
  return options.action == "retry" ? Retry(common, folder) : Status(folder, options);
}

}  // namespace dfc
