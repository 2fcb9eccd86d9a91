// The options of `replay` and `capture`, as CLI11 fills them in.
// Module: app
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "content_options.h"
#include "options.h"
#include "prune_options.h"
#include "spool_options.h"

namespace CLI {
class App;
}

namespace dfc {

// Of `replay` and `capture`.
struct RawPipeline {
  size_t workers = 0;
  std::string memory_max = "384M";
  std::string checksums = "auto";
  std::string urgent = "oob";
  RawContent content;
};

// What CLI11 fills in and is put into the options' own types afterwards. Each command has its own:
// a configuration file sets those of the commands that are not run, too.
struct RawRuns {
  RawPipeline replay;
  RawPipeline capture;
  std::vector<std::string> capture_filter;  // Words; none where `filter` says it.
  std::string filter;
  std::string ring = "64M";
  RawSpool spool;
  RawKeep capture_keep;
};

void AddReplay(CLI::App& app, ReplayOptions& replay, RawRuns& raw);
void AddCapture(CLI::App& app, CaptureOptions& capture, RawRuns& raw);

void CompleteRuns(const RawRuns& raw, CommandLine& line);

}  // namespace dfc
