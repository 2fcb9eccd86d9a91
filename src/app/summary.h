// What a replay came to, on one screen.
// Module: app
#pragma once

#include <string>

#include "dfc/pipeline.h"

namespace dfc {

// Lines of text, each ended. Reasons and limits that did not occur are left out.
std::string Summarize(const PipelineReport& report, const std::string& store);

}  // namespace dfc
