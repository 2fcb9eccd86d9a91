// What the service manager is told (sd_notify(3)): datagrams of KEY=VALUE lines to the socket that
// $NOTIFY_SOCKET names. The protocol is open and has been the same for ten years; libsystemd would
// bring four compression and cryptography libraries along for it.
// Module: app
#pragma once

#include <cstdint>
#include <string>

#include "dfc/file.h"

namespace dfc {

class ServiceManager {
 public:
  // Connects, before a sandbox keeps it from that. Without a manager all does nothing.
  ServiceManager();

  bool is_there() const { return socket_.ok(); }
  // How often it wants to hear from a process that is well; 0: never.
  int64_t watchdog_ns() const { return watchdog_ns_; }

  // From any thread.
  void Tell(const std::string& lines) const;
  void TellReady() const { Tell("READY=1"); }
  void TellStopping() const { Tell("STOPPING=1"); }
  // To be followed by TellReady().
  void TellReloading() const;

 private:
  Fd socket_;
  int64_t watchdog_ns_ = 0;
};

}  // namespace dfc
