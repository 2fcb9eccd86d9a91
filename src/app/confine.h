// What a command that runs on leaves itself: who it runs as, its files, its system calls.
// Module: app
#pragma once

#include <string>
#include <vector>

#include "dfc/privileges.h"
#include "dfc/store.h"
#include "options.h"

namespace dfc {

// Collects what a command has need of, and then keeps it to that. To be used before there are
// threads, and after what only root may open has been opened.
class Confinement {
 public:
  explicit Confinement(const ConfineOptions& options) : options_(options) {}

  // Ends being root, and all capabilities but what `keep` says.
  absl::Status LeaveRoot(Keep keep);

  // Folders are those of files that may be replaced by others of their name; a path without a
  // folder is in the working directory.
  void UseStore(const StoreUrl& store);
  void UseServing(const ServeOptions& serve, const StoreUrl& store);
  void ReadFolderOf(const std::string& file);
  void WriteFolderOf(const std::string& file);
  void WriteFolder(const std::string& folder);

  absl::Status Enter();

  // What came of it, an event a line.
  const std::vector<std::string>& events() const { return events_; }

  // `status`, and in whose name it was tried where that is not who started the program.
  absl::Status InWhoseName(const absl::Status& status) const;

 private:
  void UseServer(const StoreUrl& store);

  const ConfineOptions options_;
  SandboxRules rules_;
  std::vector<std::string> events_;
  std::string user_;  // Who the process has become; "": who it was.
};

}  // namespace dfc
