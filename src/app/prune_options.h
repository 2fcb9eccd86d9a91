// The options of `init`, `prune`, `pin` and `unpin`, and of --keep, as CLI11 fills them in.
// Module: app
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "options.h"

namespace CLI {
class App;
}

namespace dfc {

// What is put into KeepLimits' own types afterwards.
struct RawKeep {
  std::optional<uint32_t> days;
  std::string bytes;
};

void AddInit(CLI::App& app, InitOptions& init);
void AddPrune(CLI::App& app, PruneOptions& prune, PinOptions& pin, RawKeep& raw);
// --keep and --keep-bytes.
void AddKeep(CLI::App& command, RawKeep& raw);

void CompleteKeep(const RawKeep& raw, KeepLimits& keep);
void CompletePrune(const RawKeep& raw, PruneOptions& prune, PinOptions& pin);

}  // namespace dfc
