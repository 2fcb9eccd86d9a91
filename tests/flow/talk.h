// TCP connections in a small notation.
#pragma once

#include <string>
#include <string_view>

#include "engine_run.h"

namespace dfc {

// Packets between 10.0.0.1:1000, the client, and 10.0.0.2:80, a millisecond apart:
//
//   >S  <SA  >A  <F  >R     flags; ACK is added but to S and R
//   >:abc                   data
//   <SA=900  >:abc=7        with a sequence number of its own
//   >F:abc                  flags and data
//   >A#901                  with an acknowledgment number of its own
//   >:abcd^2                with an urgent pointer, here to "b"
//   @2500                   it is now 2,500 ms
//
// Sequence numbers go on by themselves, from 100 for the client and 500 for the server.
class Talk {
 public:
  explicit Talk(std::string_view script) { Add(script); }

  Talk& Add(std::string_view script);

  const Traffic& traffic() const { return traffic_; }
  FlowRun Run(const RunOptions& options = {}) const { return RunFlows(traffic_, options); }
  // Of the only flow.
  std::string Transcript() const { return Run().rows.Transcript(); }
  std::string State() const { return FlowStateName(Run().rows.flow().state); }
  unsigned Flags() const { return Run().rows.flow().flags; }

  static constexpr int64_t kStartNs = 1'700'000'000'000'000'000;

 private:
  void AddWord(std::string_view word);

  Traffic traffic_;
  uint32_t next_[2] = {100, 500};
  int64_t t_ns_ = kStartNs;
};

}  // namespace dfc
