// Where a run's events go, one line each: standard error, or a file that somebody rotates.
// Module: app
//
//   terminal, pipe   dfc: event=store-away reason="..."
//   journal          <4>event=store-away reason="..."         the priority is systemd's,
//   sd-daemon(3) file             time=2026-01-31T08:15:00.000000001Z level=warning
//   event=store-away reason="..."
#pragma once

#include <string>
#include <string_view>

#include "dfc/file.h"
#include "dfc/status.h"

namespace dfc {

// How much an event matters, by its name.
enum class EventLevel { kInfo, kWarning, kError };
EventLevel LevelOf(std::string_view line);

class EventLines {
 public:
  EventLines();

  // From here on into `file`, which is made where it is not there, and never read by others.
  absl::Status Use(const std::string& file);

  // The same file by its name, which may be another one by now; where it can't be opened, the
  // former one is gone on with. Nothing without a file.
  absl::Status Reopen();

  // From any thread. `line` is event=NAME and KEY=VALUE, values by LogValue().
  void Write(std::string_view line) const;

 private:
  std::string file_;
  Fd fd_;  // Of the file; its number stays the same, whatever it is of.
  bool to_journal_ = false;
};

}  // namespace dfc
