#include "spool_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "text.h"

namespace dfc {
namespace {

constexpr uint32_t kFlushMsMin = 400;
constexpr uint32_t kFlushMsMax = 60'000;
constexpr uint32_t kFsyncMsMax = 60'000;

std::string SizeProblem(const std::string& text) {
  const std::optional<uint64_t> size = ParseSize(text);
  if (size && *size >= kSpoolBytesMin && *size <= kSpoolBytesMax) return "";
  return fmt::format("'{}' is no size from 16M to 64T", text);
}

void AddDirectory(CLI::App& command, std::string& directory, const char* about) {
  command.add_option("--spool-dir", directory, about)->type_name("DIR")->capture_default_str();
}

}  // namespace

void AddSpoolOptions(CLI::App& command, SpoolSettings& spool, RawSpool& raw) {
  AddDirectory(command, spool.directory,
               "Keeps what the store does not take yet; none for no such\nplace, auto for "
               "/var/spool/data-flow-collect beside a server");
  command.add_option("--spool-max", raw.max, "Bound of the spool")
      ->check(SizeProblem)
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_option("--spool-full", raw.full, "What gives way: drop-newest or drop-oldest")
      ->check(CLI::IsMember({"drop-newest", "drop-oldest"}))
      ->type_name("HOW")
      ->capture_default_str();
  command.add_option("--fsync-interval", raw.fsync_ms, "What a power cut may take; 0: no block")
      ->check(CLI::Range(uint32_t{0}, kFsyncMsMax))
      ->type_name("MS")
      ->capture_default_str();
  command.add_option("--flush-interval", raw.flush_ms, "What a crash may take")
      ->check(CLI::Range(kFlushMsMin, kFlushMsMax))
      ->type_name("MS")
      ->capture_default_str();
  command.add_flag("--durable", spool.durable, "Everything by way of the spool");
}

void CompleteSpool(const RawSpool& raw, SpoolSettings& spool) {
  spool.bytes_max = ParseSize(raw.max).value_or(spool.bytes_max);
  spool.drop_oldest = raw.full == "drop-oldest";
  spool.fsync_interval_ns = raw.fsync_ms * kNsPerMs;
  spool.flush_interval_ns = raw.flush_ms * kNsPerMs;
}

void AddSpool(CLI::App& app, SpoolCommandOptions& options, std::string& format) {
  CLI::App& command =
      *app.add_subcommand("spool", "Show what waits for the store, or try it again");
  command
      .add_option("ACTION", options.action,
                  "status, or retry: give the rows that the store refused to it again")
      ->check(CLI::IsMember({"status", "retry"}))
      ->type_name("")
      ->configurable(false)
      ->capture_default_str();
  AddDirectory(command, options.directory, "As with `capture`");
  command.add_option("--format", format, "table, json or tsv")
      ->check(CLI::IsMember({"table", "json", "tsv"}))
      ->type_name("FORMAT")
      ->capture_default_str();
}

}  // namespace dfc
