#include "confine_options.h"

#include <CLI/CLI.hpp>

namespace dfc {

void AddConfine(CLI::App& command, ConfineOptions& confine) {
  command
      .add_option("--user", confine.user,
                  "Who to be once all that needs root is open (default: dfc,\nwhere root asks and "
                  "there is such a user)")
      ->type_name("NAME");
  command.add_flag("--no-sandbox", confine.no_sandbox, "Leave Landlock and seccomp off");
}

void AddReloaded(CLI::App& command, CaptureOptions& capture) {
  command
      .add_option("--filter-file", capture.filter_file,
                  "Take the filter from FILE; SIGHUP reads it again")
      ->type_name("FILE");
  command
      .add_option("--log-file", capture.log_file,
                  "Write events there, not on standard error; SIGHUP opens it again")
      ->type_name("FILE");
}

}  // namespace dfc
