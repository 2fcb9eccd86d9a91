// The options of commands that run on: in whose name, within what, and where they say what happens.
// Module: app
#pragma once

#include "options.h"

namespace CLI {
class App;
}

namespace dfc {

void AddConfine(CLI::App& command, ConfineOptions& confine);
// --filter-file and --log-file, which SIGHUP makes `capture` read and open again.
void AddReloaded(CLI::App& command, CaptureOptions& capture);

}  // namespace dfc
