// The options of `serve` and of --serve, as CLI11 fills them in.
// Module: app
#pragma once

#include <string>

#include "options.h"

namespace CLI {
class App;
}

namespace dfc {

// What is put into ServeOptions' own types afterwards.
struct RawServe {
  std::string import_max = "4G";
};

void AddServe(CLI::App& app, ServeOptions& serve, RawServe& raw);
// --serve, of a command that fills a store; nothing is served without it.
void AddServeToo(CLI::App& command, ServeOptions& serve);

void CompleteServe(const RawServe& raw, ServeOptions& serve);

}  // namespace dfc
