// Another program, what it says, and its end.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dfc/file.h"
#include "dfc/status.h"

namespace dfc {

// Owned by the thread that starts it, which has to live as long: when that thread ends, however it
// does, the child is asked to end, too.
class ChildProcess {
 public:
  // command[0] is the program's path. `input` becomes its standard input.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      const std::vector<std::string>& command, const Fd& input);

  // Ends it at once if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Appends what it has written to standard output and error since the last time. Never waits.
  void Read(std::string& out, std::string& err) const;

  // Its exit status once it has ended; -N when signal N ended it. What it wrote can still be read.
  std::optional<int> Ended();

  void AskToEnd() const;
  // Waits for at most so long.
  std::optional<int> WaitFor(int64_t wait_ns);

 private:
  ChildProcess(pid_t pid, Fd out, Fd err) : pid_(pid), out_(std::move(out)), err_(std::move(err)) {}

  pid_t pid_;
  Fd out_;
  Fd err_;
  std::optional<int> status_;
};

}  // namespace dfc
