#include "run_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "argument_words.h"
#include "confine_options.h"
#include "prune_options.h"
#include "serve_options.h"
#include "text.h"

namespace dfc {
namespace {

std::string SizeProblem(const std::string& text) {
  const std::optional<uint64_t> size = ParseSize(text);
  if (size && *size >= kReplayMemoryMin && *size <= kReplayMemoryMax) return "";
  return fmt::format("'{}' is no size from 64M to 1T", text);
}

std::string RingProblem(const std::string& text) {
  const std::optional<uint64_t> size = ParseSize(text);
  if (size && *size >= kRingBytesMin && *size <= kRingBytesMax) return "";
  return fmt::format("'{}' is no size from 1M to 1G", text);
}

// Those of one place replace those of another: the command line those of the file.
void TakePolicies(const std::vector<std::string>& texts, HostPolicies& policies) {
  policies = HostPolicies();
  for (const std::string& text : texts) {
    const absl::Status taken = policies.Add(text);
    if (!taken.ok()) throw CLI::ValidationError("--host-policy", MessageOf(taken));
  }
}

void CompletePipeline(const RawPipeline& raw, PipelineOptions& pipeline) {
  pipeline.workers = raw.workers != 0 ? raw.workers : DefaultWorkers(UsableProcessors());
  pipeline.memory_bytes_max = ParseSize(raw.memory_max).value_or(pipeline.memory_bytes_max);
  if (raw.checksums == "verify") pipeline.checksums = Checksums::kVerify;
  if (raw.checksums == "ignore") pipeline.checksums = Checksums::kIgnore;
  if (raw.urgent == "inline") pipeline.urgent = Urgent::kInline;
  if (raw.urgent == "drop") pipeline.urgent = Urgent::kDrop;
  CompleteContent(raw.content, pipeline);
  for (std::string& file : pipeline.files) Unhide(file);
  Unhide(pipeline.filter);
}

void CompleteCapture(const RawRuns& raw, LiveOptions& live) {
  live.ring_bytes = ParseSize(raw.ring).value_or(live.ring_bytes);
  for (std::string word : raw.capture_filter) {
    Unhide(word);
    live.filter += (live.filter.empty() ? "" : " ") + word;
  }
  if (raw.capture_filter.empty()) live.filter = raw.filter;
  Unhide(live.filter);
}

void AddPipeline(CLI::App& command, RawPipeline& raw, PipelineOptions& pipeline,
                 StoreOptions& writing, std::string& stats_file) {
  command
      .add_option("--stats-file", stats_file, "Write figures for Prometheus there, again every 5 s")
      ->type_name("FILE");
  command
      .add_option("--workers", raw.workers,
                  "Threads that put flows together, by default one less than the\nprocessors for "
                  "each of the two others: 1 to 8")
      ->check(CLI::Range(size_t{1}, kWorkersMax))
      ->type_name("N");
  command.add_option("--memory-max", raw.memory_max, "Bound of all buffers together")
      ->check(SizeProblem)
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_option("--checksums", raw.checksums, "auto, verify or ignore")
      ->check(CLI::IsMember({"auto", "verify", "ignore"}))
      ->type_name("HOW")
      ->capture_default_str();
  command
      .add_option_function<std::vector<std::string>>(
          "--host-policy",
          [&pipeline](const std::vector<std::string>& texts) {
            TakePolicies(texts, pipeline.host_policies);
          },
          "Whose copy counts where data overlaps, for hosts of SUBNET or\nall: linux "
          "first last bsd linux-ns old_linux solaris windows vista")
      ->type_name("NAME[=SUBNET]")
      ->default_str("linux")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--urgent", raw.urgent, "TCP urgent bytes: oob (kept apart), inline or drop")
      ->check(CLI::IsMember({"oob", "inline", "drop"}))
      ->type_name("HOW")
      ->capture_default_str();
  AddContentOptions(command, raw.content, pipeline);
  command.add_flag("--compress", writing.compress, "Store content compressed where it pays");
}

}  // namespace

void AddReplay(CLI::App& app, ReplayOptions& replay, RawRuns& raw) {
  CLI::App& command = *app.add_subcommand("replay", "Store the flows of capture files");
  command.add_option("FILE", replay.pipeline.files, "pcap, pcapng, .gz .zst .lz4; - is stdin")
      ->required()
      ->configurable(false);
  command.add_option("--filter", replay.pipeline.filter, "Take only what matches, as for tcpdump")
      ->type_name("BPF");
  command.add_flag("--pace", replay.pipeline.pace, "Keep the capture's own speed");
  AddPipeline(command, raw.replay, replay.pipeline, replay.writing, replay.stats_file);
  command
      .add_option("--spool-dir", replay.dead_letters,
                  "Keeps rows that the store refuses, which end the run otherwise")
      ->type_name("DIR");
  command.add_flag("--quiet", replay.quiet, "Print errors only");
  command
      .add_flag("--progress", replay.progress,
                "Print packets, bytes and bytes in all on standard output, for\na program that "
                "runs this one; nothing is served then")
      ->configurable(false);
  AddServeToo(command, replay.serve);
}

void AddCapture(CLI::App& app, CaptureOptions& capture, RawRuns& raw) {
  CLI::App& command = *app.add_subcommand("capture", "Store the flows of a network as they go on");
  CLI::Option* const words =
      command.add_option("FILTER", raw.capture_filter, "Take only what matches, as for tcpdump")
          ->configurable(false);
  command.add_option("-i,--interface", capture.live.interfaces, "Where to capture; repeatable")
      ->required()
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--filter", raw.filter, "FILTER in one piece")
      ->type_name("BPF")
      ->excludes(words);
  command.add_option("--ring", raw.ring, "Of each interface, for what has yet to be looked at")
      ->check(RingProblem)
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_option("--ring-timeout", capture.live.timeout_ms, "A frame waits that long there")
      ->check(CLI::Range(kRingTimeoutMsMin, kRingTimeoutMsMax))
      ->type_name("MS")
      ->capture_default_str();
  command.add_option("--snaplen", capture.live.snaplen_bytes, "Of a frame; the rest is cut off")
      ->check(CLI::Range(kSnaplenMin, kSnaplenMax))
      ->type_name("BYTES")
      ->capture_default_str();
  command
      .add_flag("--promiscuous,!--no-promiscuous", capture.live.promiscuous,
                "Take frames for others too, the default")
      ->default_str("true");
  AddPipeline(command, raw.capture, capture.pipeline, capture.writing, capture.stats_file);
  AddSpoolOptions(command, capture.spool, raw.spool);
  AddKeep(command, raw.capture_keep);
  AddConfine(command, capture.confine);
  AddReloaded(command, capture);
  command.add_flag("--quiet", capture.quiet, "Print errors and events only");
  AddServeToo(command, capture.serve);
}

void CompleteRuns(const RawRuns& raw, CommandLine& line) {
  CompletePipeline(raw.replay, line.replay.pipeline);
  CompletePipeline(raw.capture, line.capture.pipeline);
  CompleteCapture(raw, line.capture.live);
  CompleteSpool(raw.spool, line.capture.spool);
  CompleteKeep(raw.capture_keep, line.capture.keep);
  Unhide(line.replay.serve.listen);
  if (line.replay.progress) line.replay.serve.listen.clear();
  Unhide(line.capture.serve.listen);
}

}  // namespace dfc
