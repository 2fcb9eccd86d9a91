#include "child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "dfc/time.h"

namespace dfc {

namespace {

constexpr int kExecFailed = 127;

struct Pipe {
  Fd from;
  Fd to;
};

absl::StatusOr<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoStatus(errno, "make a pipe");
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  // The child's end keeps waiting for room; ours never waits.
  if (::fcntl(pipe.from.get(), F_SETFL, O_NONBLOCK) != 0) return ErrnoStatus(errno, "make a pipe");
  return pipe;
}

// In the child of a process that has threads: system calls, and nothing else.
[[noreturn]] void Become(char* const* arguments, int input, int out, int err, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kExecFailed);  // It has ended before the line above.
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
      ::dup2(err, STDERR_FILENO) < 0) {
    ::_exit(kExecFailed);
  }
  // Connections of browsers are none of its business.
  ::close_range(STDERR_FILENO + 1, ~0u, 0);
  ::execv(arguments[0], arguments);
  ::_exit(kExecFailed);
}

void ReadAll(const Fd& fd, std::string& to) {
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    to.append(piece.data(), static_cast<size_t>(got));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const std::vector<std::string>& command, const Fd& input) {
  DFC_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  DFC_ASSIGN_OR_RETURN(Pipe err, MakePipe());
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return ErrnoStatus(errno, fmt::format("start {}", command.front()));
  if (pid == 0) Become(arguments.data(), input.get(), out.to.get(), err.to.get(), parent);
  return std::unique_ptr<ChildProcess>(
      new ChildProcess(pid, std::move(out.from), std::move(err.from)));
}

ChildProcess::~ChildProcess() {
  if (Ended()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

void ChildProcess::Read(std::string& out, std::string& err) const {
  ReadAll(out_, out);
  ReadAll(err_, err);
}

std::optional<int> ChildProcess::Ended() {
  if (status_) return status_;
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return std::nullopt;
  if (ended < 0) return status_ = kExecFailed;  // Somebody else has waited for it.
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return status_;
}

void ChildProcess::AskToEnd() const {
  if (!status_) ::kill(pid_, SIGTERM);
}

std::optional<int> ChildProcess::WaitFor(int64_t wait_ns) {
  constexpr timespec kPause = {0, 20 * kNsPerMs};
  const int64_t end_ns = MonotonicClockNs() + wait_ns;
  while (!Ended() && MonotonicClockNs() < end_ns) ::nanosleep(&kPause, nullptr);
  return status_;
}

}  // namespace dfc
