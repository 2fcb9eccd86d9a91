// The options of a spool, as CLI11 fills them in, and the spool that they name.
// Module: app
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "dfc/dead_letters.h"
#include "dfc/spool.h"
#include "dfc/spool_files.h"
#include "options.h"

namespace CLI {
class App;
}

namespace dfc {

// What CLI11 fills in and is put into SpoolSettings afterwards.
struct RawSpool {
  std::string max = "4G";
  std::string full = "drop-newest";
  uint32_t fsync_ms = 500;
  uint32_t flush_ms = 2'000;
};

void AddSpoolOptions(CLI::App& command, SpoolSettings& spool, RawSpool& raw);
void CompleteSpool(const RawSpool& raw, SpoolSettings& spool);
// `dfc spool`.
void AddSpool(CLI::App& app, SpoolCommandOptions& options, std::string& format);

}  // namespace dfc
