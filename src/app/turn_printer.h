// The turns of a conversation as text or as a hex dump.
// Module: app
//
//   ▶ client  +0.001234 s  offset 0  517 bytes
//   GET / HTTP/1.1
//   ◀ server  +0.020117 s  offset 0  1,448 bytes
//   HTTP/1.1 200 OK
//   ░ server  +0.031400 s  offset 1448  1,460 bytes missing
//
// A turn's text ends with a line feed, its own or one of ours. A UTF-8 character that a turn cuts
// and the same side's next turn continues is shown whole at the front of that next turn.
#pragma once

#include <cstdint>
#include <string>

#include "dfc/reader.h"
#include "options.h"
#include "output.h"

namespace dfc {

class TurnPrinter {
 public:
  // REQUIRES: `view` is kText or kHex.
  TurnPrinter(ShowOptions::View view, const Terminal& terminal, int64_t t_start_ns);

  // What to print for `turn`, and whatever earlier turns left over.
  std::string Print(const Turn& turn);

  // What the last turn left over.
  std::string Finish();

 private:
  void AppendHead(const Turn& turn, std::string& out) const;
  void AppendText(const Turn& turn, std::string& out);
  void CloseLine(std::string& out);
  bool Continues(const Turn& turn) const;

  ShowOptions::View view_;
  Terminal terminal_;
  int64_t t_start_ns_;
  bool line_open_ = false;
  std::string cut_;  // The beginning of a character, at most 3 bytes, ...
  Side cut_side_ = Side::kClient;
  uint64_t cut_end_ = 0;  // ... and the stream offset at which the rest of it would be.
};

}  // namespace dfc
