#include "prune_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "argument_words.h"
#include "text.h"

namespace dfc {
namespace {

std::string KeepSizeProblem(const std::string& text) {
  return ParseSize(text).value_or(0) > 0 ? "" : fmt::format("'{}' is no size", text);
}

void AddFlow(CLI::App& command, PinOptions& pin) {
  command.add_option("FLOW", pin.flow, "Id of the flow, or the beginning of one")
      ->required()
      ->configurable(false);
}

}  // namespace

void AddInit(CLI::App& app, InitOptions& init) {
  CLI::App& command = *app.add_subcommand("init", "Create the tables or bring them up to date");
  command
      .add_flag("--print-grants", init.print_grants,
                "Only print SQL that makes accounts of a mysql:// store, each with the rights it "
                "needs")
      ->configurable(false);
}

void AddKeep(CLI::App& command, RawKeep& raw) {
  command.add_option("--keep", raw.days, "Drop what began before the last DAYS whole days")
      ->check(CLI::Range(uint32_t{1}, kKeepDaysMax))
      ->type_name("DAYS");
  command.add_option("--keep-bytes", raw.bytes, "Drop the oldest days while the store is larger")
      ->check(KeepSizeProblem)
      ->type_name("SIZE");
}

void AddPrune(CLI::App& app, PruneOptions& prune, PinOptions& pin, RawKeep& raw) {
  CLI::App& command =
      *app.add_subcommand("prune", "Drop old days, and make partitions for new ones");
  AddKeep(command, raw);
  command
      .add_flag("--dry-run", prune.dry_run, "Only say what would go, and when the store is full")
      ->configurable(false);
  AddFlow(*app.add_subcommand("pin", "Keep a flow, whatever its age"), pin);
  AddFlow(*app.add_subcommand("unpin", "Keep it no longer than others"), pin);
}

void CompleteKeep(const RawKeep& raw, KeepLimits& keep) {
  keep.days = raw.days;
  if (!raw.bytes.empty()) keep.bytes = ParseSize(raw.bytes);
}

void CompletePrune(const RawKeep& raw, PruneOptions& prune, PinOptions& pin) {
  CompleteKeep(raw, prune.keep);
  Unhide(pin.flow);
}

}  // namespace dfc
