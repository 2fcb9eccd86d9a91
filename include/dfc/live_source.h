// Where frames of a live capture come from: network interfaces, by libpcap.
// Module: capture
//
//   card ─▶ kernel's ring (TPACKET_V3), one an interface ─▶ RunOnce() ─▶ FrameHandler
//           64 MiB; a block of it waits at most `timeout`
//
// A frame lies in the ring while it is handled: nothing is copied, unless several interfaces are
// captured at once, whose frames are put into the order of time first. Owned and called by one
// thread, the capture thread; no allocation a frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dfc/packet.h"
#include "dfc/status.h"

namespace dfc {

class FrameHandler {
 public:
  virtual ~FrameHandler() = default;
  // The frame's bytes are there for the call only.
  virtual void OnFrame(const Frame& frame) = 0;
};

struct LiveOptions {
  std::vector<std::string> interfaces;
  std::string filter;                    // In libpcap's language, "" for none.
  size_t ring_bytes = size_t{64} << 20;  // Of each interface; locked memory of the kernel.
  uint32_t snaplen_bytes = 262'144;      // Of a frame; the rest is cut off.
  bool promiscuous = true;               // Also frames for others.
  int timeout_ms = 100;                  // The longest that a frame waits in the ring.
  std::function<void(std::string)> log =
      {};  // One line an event: an interface down, up, gone, back.
};

// Since the start, of all interfaces together. What the kernel has seen is what RunOnce() has
// handed on and what the kernel dropped, once everything has left the ring.
struct LiveCounters {
  uint64_t handed_on = 0;
  uint64_t kernel_seen = 0;
  uint64_t kernel_drops = 0;     // The ring was full.
  uint64_t interface_drops = 0;  // The card or its driver had no room, as far as it tells.
};

class LiveSource {
 public:
  virtual ~LiveSource() = default;

  // Hands on up to about `frames_max` frames that are there. Never waits; returns how many it were.
  virtual size_t RunOnce(FrameHandler& handler, size_t frames_max) = 0;

  // Sleeps until frames may be there, at most that long; a signal ends it early.
  virtual void Wait(int milliseconds) = 0;

  // From here on frames that this filter lets pass, "" for all. kInvalidArgument when it does not
  // compile for one of the interfaces: then all is as it was.
  virtual absl::Status SetFilter(const std::string& filter) = 0;

  // Looks whether interfaces went down, up, away, or came back. To be called about once a second.
  virtual void Look() = 0;

  // Frames that come from now on are not taken any more. Those that have come are still to be had,
  // until Drained() says that there are none.
  virtual void StopIntake() = 0;
  virtual bool Drained() = 0;

  // Asks the kernel.
  virtual LiveCounters Count() = 0;

  // After RunOnce() has returned 0, every frame that has yet to come is younger than that.
  virtual int64_t late_ns_max() const = 0;
};

//   kNotFound            no such interface
//   kPermissionDenied    may not capture
//   kInvalidArgument     an interface that is named twice, or can't be captured; a filter that does
//                        not compile
//   kFailedPrecondition  the interface is down
absl::StatusOr<std::unique_ptr<LiveSource>> OpenLive(const LiveOptions& options);

}  // namespace dfc
