// What a process that has opened its network interfaces still may do, and as whom.
// Module: capture
//
//   root ──▶ interfaces opened ──▶ DropPrivileges() ──▶ EnterSandbox() ──▶ store, threads
//
// Both are for good, and hold for the calling thread and for those that it makes afterwards: they
// are called before there are others.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dfc/status.h"

namespace dfc {

// Who the process becomes when it was started by root and nobody else was named.
inline constexpr const char* kUsualUser = "dfc";

// An interface that went away is opened again when it is back, for which a capture keeps the right
// to open sockets for packets. Nothing else keeps any.
enum class Keep { kNothing, kPacketSockets };

struct Privileges {
  std::string user;               // Who it is now.
  std::vector<std::string> kept;  // Capabilities by name.
  bool was_root = false;
  bool left_root = false;
};

// Becomes `user`, with that one's groups; gives up all capabilities but what `keep` says, and the
// ways to new ones. "" stands for kUsualUser where that exists and root asks, else for whoever it
// is already. Root that stays root keeps the right to files that are not its own: its store may be
// in somebody's folder.
//   kInvalidArgument     no such user
//   kFailedPrecondition  another user is named, and it is not root that asks
absl::StatusOr<Privileges> DropPrivileges(const std::string& user, Keep keep);

// Files and folders that are not named can't be opened any more; those that are open stay so. A
// path that does not exist is left out.
struct SandboxRules {
  std::vector<std::string> read;   // And what is below, where it is a folder.
  std::vector<std::string> write;  // Folders: files in them are read, written, made and removed.
  std::vector<std::string> run;    // Programs that may be started; none: no process is.
  std::vector<uint16_t> connect;   // TCP ports.
  std::vector<uint16_t> listen;    // The same; 0 is for one that the kernel picks.
  Keep keep = Keep::kNothing;
};

struct Sandbox {
  int landlock =
      0;  // Version of the kernel's interface; 0: it has none, and files are not guarded.
};

// Leaves the process those files (Landlock), and those system calls of which it has need (seccomp):
// all others fail with EPERM, so that what was not foreseen is told, and ends no capture. No new
// privileges from here on.
absl::StatusOr<Sandbox> EnterSandbox(const SandboxRules& rules);

// For a program without a need of either: what it starts gets no new privileges.
void ForgoNewPrivileges();

// This program, and the one that loads it: what SandboxRules::run needs for it to start again.
std::vector<std::string> OwnProgram();

}  // namespace dfc
