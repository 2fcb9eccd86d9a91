// What SIGHUP does to a capture that runs: opens its log file again, reads its options again, and
// takes over those that can change: the filter, and how long the store keeps what.
// Module: app
#pragma once

#include <functional>
#include <string>

#include "dfc/live_source.h"
#include "event_lines.h"
#include "hang_up.h"
#include "housekeeping.h"
#include "options.h"
#include "service.h"

namespace dfc {

// What it acts upon; all of it outlives it.
struct Reloaded {
  LiveSource& source;
  Housekeeping& housekeeping;
  EventLines& lines;
  const ServiceManager& manager;
};

class Reload {
 public:
  // `again` parses the command line once more.
  Reload(std::function<CommandLine()> again, Reloaded reloaded)
      : again_(std::move(again)), reloaded_(reloaded) {}

  // Capture thread: the source is its own. What can't be used is told in one line, and all stays as
  // it was. Takes some milliseconds, for which the rings have room.
  void IfAsked();

 private:
  void Log(const std::string& line) const { reloaded_.lines.Write(line); }
  absl::Status Apply();

  const std::function<CommandLine()> again_;
  const Reloaded reloaded_;
  HangUp hang_up_;
};

}  // namespace dfc
