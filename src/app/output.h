// Standard output and standard error of the program, and what the terminal behind them can show.
// Module: app
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dfc/status.h"

namespace dfc {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// What may be written to a file descriptor.
struct Terminal {
  bool is_terminal = false;
  bool colours = false;  // A terminal that is not "dumb", and NO_COLOR (no-color.org) is not set.
  bool utf8 = false;     // The locale's characters are UTF-8.
  size_t columns = 120;  // Its width, never less than 40.
};
// REQUIRES: setlocale() has been called.
Terminal DescribeTerminal(int fd);

// `text` in bold, or as it is where colours are not wanted.
std::string Bold(const Terminal& terminal, std::string_view text);

// Collects bytes and writes them in large pieces.
//
// A reader that went away (dfc flows | head) ends the process quietly with status 0; any other
// failure ends it with a message and status 1. Ending at once is right here: the commands that
// print have nothing to put away, and a listing of millions of flows must not run on for nobody.
class Output {
 public:
  using Ch = char;  // With Put() and Flush(), what RapidJSON asks of an output stream.

  explicit Output(int fd);
  ~Output() { Flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void Write(std::string_view text);
  void Put(char byte) {
    buffer_.push_back(byte);
    if (buffer_.size() >= kBufferBytes) Flush();
  }
  void Flush();

  const Terminal& terminal() const { return terminal_; }

 private:
  static constexpr size_t kBufferBytes = size_t{64} << 10;

  int fd_;
  Terminal terminal_;
  std::string buffer_;
};

// Prints "dfc: MESSAGE" on standard error: always one line, and free of control characters.
void PrintError(std::string_view message);

// Prints the message of `status`; returns the exit status that belongs to it: bad usage for
// kInvalidArgument (a query, a column, a URL that can't be understood), else failed.
int ReportFailure(const absl::Status& status);

}  // namespace dfc
