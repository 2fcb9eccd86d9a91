#include "reload.h"

#include <fmt/format.h>

#include "capture_filter.h"
#include "dfc/log_value.h"

namespace dfc {

void Reload::IfAsked() {
  if (!hang_up_.Came()) return;
  reloaded_.manager.TellReloading();
  if (const absl::Status opened = reloaded_.lines.Reopen(); !opened.ok()) {
    Log(fmt::format("event=log-not-reopened reason={}", LogValue(MessageOf(opened))));
  }
  if (const absl::Status applied = Apply(); !applied.ok()) {
    Log(fmt::format("event=reload-failed reason={}", LogValue(MessageOf(applied))));
  }
  reloaded_.manager.TellReady();
}

absl::Status Reload::Apply() {
  const CommandLine line = again_();
  if (line.command != Command::kCapture) {
    return absl::InvalidArgumentError(
        "the options can't be used, standard error says why; all stays as it was");
  }
  DFC_ASSIGN_OR_RETURN(const std::string filter, CaptureFilter(line.capture));
  DFC_RETURN_IF_ERROR(reloaded_.source.SetFilter(filter));
  reloaded_.housekeeping.SetLimits(line.capture.keep);
  Log(fmt::format("event=reloaded filter={}", LogValue(filter)));
  return absl::OkStatus();
}

}  // namespace dfc
