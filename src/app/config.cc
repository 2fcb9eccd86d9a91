#include <fmt/format.h>
#include <unistd.h>

#include "commands.h"
#include "config_file.h"
#include "output.h"

namespace dfc {

int ConfigCommand(const CommonOptions& common, const ConfigOptions& options) {
  for (const std::string& fault : options.faults) PrintError(fault);
  if (!options.faults.empty()) return kExitFailed;
  if (options.action == "show") {
    Output(STDOUT_FILENO).Write(options.text);
  } else if (common.config.empty()) {
    Output(STDOUT_FILENO).Write(fmt::format("ok: there is no {}\n", kConfigPath));
  } else {
    Output(STDOUT_FILENO).Write(fmt::format("{}: ok\n", common.config));
  }
  return kExitDone;
}

}  // namespace dfc
