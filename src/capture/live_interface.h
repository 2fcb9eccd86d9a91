// One network interface and its ring, by libpcap: opened, read, drained, and opened again when the
// interface was away.
#pragma once

#include <pcap/pcap.h>

#include <memory>
#include <string>
#include <utility>

#include "dfc/live_source.h"

namespace dfc {

// A compiled filter.
class FilterCode {
 public:
  FilterCode() = default;
  FilterCode(FilterCode&& other) noexcept : code_(std::exchange(other.code_, {})) {}
  FilterCode& operator=(FilterCode&&) = delete;
  ~FilterCode() { pcap_freecode(&code_); }

  bpf_program* get() { return &code_; }

 private:
  bpf_program code_{};
};

class LiveInterface {
 public:
  // As OpenLive().
  static absl::StatusOr<std::unique_ptr<LiveInterface>> Open(const std::string& name,
                                                             const LiveOptions& options);

  // Hands on up to `frames_max` frames; returns how many it were. Never waits.
  size_t Dispatch(FrameHandler& handler, size_t frames_max);

  // Becomes readable when frames come; -1 while the interface is away.
  int fd() const;

  // Looks whether the interface went down or up, or came back. `now_ns` never jumps.
  void Look(int64_t now_ns);

  // Whether that one would compile.
  absl::Status TryFilter(const std::string& filter) const;
  // The options' filter is another one now.
  absl::Status RenewFilter();

  void StopIntake(int64_t now_ns);
  bool Drained(int64_t now_ns);

  // Adds what it has counted since it was opened first.
  void Count(LiveCounters& total);

 private:
  struct Closer {
    void operator()(pcap_t* pcap) const { pcap_close(pcap); }
  };
  using PcapPtr = std::unique_ptr<pcap_t, Closer>;

  LiveInterface(std::string name, const LiveOptions& options)
      : name_(std::move(name)), options_(options) {}

  absl::Status Activate();
  absl::StatusOr<PcapPtr> Create() const;
  absl::StatusOr<FilterCode> Compile(pcap_t* pcap, const std::string& filter) const;
  absl::Status SetFilter(pcap_t* pcap) const;
  void Lose(int64_t now_ns);
  void ReadStats();
  bool IsUp() const;
  void Log(const char* event) const;

  const std::string name_;
  const LiveOptions& options_;  // Of the source that owns it.
  PcapPtr pcap_;                // Null while the interface is away.
  uint16_t link_type_ = 0;
  int64_t tick_ns_ = 1;  // What the second field of a frame's time counts in.
  bool up_ = true;
  int64_t lost_ns_ = 0;     // When it was found to be away; 0: it is there.
  int64_t stopped_ns_ = 0;  // When the intake was stopped.
  bool was_empty_ = false;  // The last Dispatch() found nothing.
  LiveCounters counters_;
  pcap_stat last_{};  // libpcap's own counters, which are 32 bits long and wrap around.
};

}  // namespace dfc
