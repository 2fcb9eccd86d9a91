#include "event_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "dfc/time.h"
#include "output.h"
#include "text.h"

namespace dfc {
namespace {

constexpr std::array<std::string_view, 18> kWarnings = {
    "dead-letters", "housekeeping-failed", "interface-down", "interface-gone",
    "no-landlock",  "no-sandbox",          "no-spool",       "reload-failed",
    "spool-aside",  "spool-cut",           "spool-level",    "spool-refuses",
    "spooling",     "stats-not-written",   "store-away",     "log-not-reopened",
    "content-shed", "interface-lost"};
constexpr std::array<std::string_view, 3> kErrors = {"spool-damaged", "spool-sync-failed",
                                                     "stalled"};

std::string_view NameOf(std::string_view line) {
  constexpr std::string_view kKey = "event=";
  if (!line.starts_with(kKey)) return {};
  line.remove_prefix(kKey.size());
  return line.substr(0, line.find(' '));
}

// Free of what would end the line or steer a terminal. Backslashes are there already for what is in
// quotes, and stay single.
std::string Cleaned(std::string_view line) {
  const std::string escaped = EscapeLine(line);
  std::string out;
  for (size_t at = 0; at < escaped.size(); ++at) {
    out.push_back(escaped[at]);
    if (escaped[at] == '\\' && at + 1 < escaped.size() && escaped[at + 1] == '\\') ++at;
  }
  return out;
}

// systemd tells the journal's socket in the environment; standard error may be something else.
bool IsJournal(int fd) {
  const char* const told = std::getenv("JOURNAL_STREAM");
  struct stat facts {};
  if (told == nullptr || ::fstat(fd, &facts) != 0) return false;
  return fmt::format("{}:{}", facts.st_dev, facts.st_ino) == told;
}

absl::StatusOr<Fd> OpenLog(const std::string& file) {
  Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("open log file {}", file));
  return fd;
}

const char* WordOf(EventLevel level) {
  if (level == EventLevel::kInfo) return "info";
  return level == EventLevel::kWarning ? "warning" : "error";
}

int PriorityOf(EventLevel level) {
  if (level == EventLevel::kInfo) return 6;
  return level == EventLevel::kWarning ? 4 : 3;
}

// One write, so that lines of several threads do not mix. Nobody is there to hear that it failed.
void WriteLine(int fd, const std::string& line) {
  while (::write(fd, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace

EventLevel LevelOf(std::string_view line) {
  const std::string_view name = NameOf(line);
  if (std::ranges::count(kErrors, name) > 0) return EventLevel::kError;
  return std::ranges::count(kWarnings, name) > 0 ? EventLevel::kWarning : EventLevel::kInfo;
}

EventLines::EventLines() : to_journal_(IsJournal(STDERR_FILENO)) {}

absl::Status EventLines::Use(const std::string& file) {
  DFC_ASSIGN_OR_RETURN(fd_, OpenLog(file));
  file_ = file;
  return absl::OkStatus();
}

// Put in the former one's place at once, for whoever writes meanwhile.
absl::Status EventLines::Reopen() {
  if (file_.empty()) return absl::OkStatus();
  DFC_ASSIGN_OR_RETURN(const Fd fresh, OpenLog(file_));
  if (::dup3(fresh.get(), fd_.get(), O_CLOEXEC) >= 0) return absl::OkStatus();
  return ErrnoStatus(errno, fmt::format("open log file {}", file_));
}

void EventLines::Write(std::string_view line) const {
  const std::string text = Cleaned(line);
  const EventLevel level = LevelOf(line);
  if (fd_.ok()) {
    WriteLine(fd_.get(),
              fmt::format("time={} level={} {}\n", FormatTime(WallClockNs()), WordOf(level), text));
  } else if (to_journal_) {
    WriteLine(STDERR_FILENO, fmt::format("<{}>{}\n", PriorityOf(level), text));
  } else {
    WriteLine(STDERR_FILENO, fmt::format("dfc: {}\n", text));
  }
}

}  // namespace dfc
