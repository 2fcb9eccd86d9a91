// The options of `replay` and `capture` that leave content out.
// Module: app
#pragma once

#include <string>

#include "dfc/pipeline.h"

namespace CLI {
class App;
}

namespace dfc {

struct RawContent {
  std::string limit = "none";
  std::string side_limit = "none";
};

void AddContentOptions(CLI::App& command, RawContent& raw, PipelineOptions& pipeline);
void CompleteContent(const RawContent& raw, PipelineOptions& pipeline);

}  // namespace dfc
