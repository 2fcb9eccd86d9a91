#include "output.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "text.h"

namespace dfc {
namespace {

constexpr size_t kColumnsMin = 40;

size_t TerminalColumns(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return Terminal().columns;
  return std::max<size_t>(size.ws_col, kColumnsMin);
}

bool WantsColours() {
  const char* const refused = std::getenv("NO_COLOR");
  const char* const kind = std::getenv("TERM");
  if (refused != nullptr && *refused != '\0') return false;
  return kind != nullptr && std::strcmp(kind, "dumb") != 0;
}

[[noreturn]] void EndProgram(int error_number) {
  if (error_number == EPIPE) std::_Exit(kExitDone);
  PrintError(fmt::format("standard output: {}", std::strerror(error_number)));
  std::_Exit(kExitFailed);
}

}  // namespace

Terminal DescribeTerminal(int fd) {
  Terminal terminal;
  terminal.utf8 = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
  if (::isatty(fd) == 0) return terminal;
  terminal.is_terminal = true;
  terminal.colours = WantsColours();
  terminal.columns = TerminalColumns(fd);
  return terminal;
}

std::string Bold(const Terminal& terminal, std::string_view text) {
  return terminal.colours ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
}

Output::Output(int fd) : fd_(fd), terminal_(DescribeTerminal(fd)) { buffer_.reserve(kBufferBytes); }

void Output::Write(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() >= kBufferBytes) Flush();
}

void Output::Flush() {
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) EndProgram(errno);
    if (written > 0) rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
}

void PrintError(std::string_view message) {
  std::fprintf(stderr, "dfc: %s\n", EscapeLine(message).c_str());
}

int ReportFailure(const absl::Status& status) {
  PrintError(MessageOf(status));
  return status.code() == absl::StatusCode::kInvalidArgument ? kExitUsage : kExitFailed;
}

}  // namespace dfc
