// Puts IP fragments together, by the rules of the Linux kernel: a fragment that repeats bytes is
// ignored, one that crosses what is there ends the datagram (RFC 5722 for IPv6), a clean resend
// with the same identification then starts anew.
//
//   datagram: | have |   hole   | have |  hole ... until the fragment without "more" |
//
// Bounds: `datagrams_max` at a time, each up to 65,535 bytes and kRunsMax runs; 30 s of capture
// time. Past a bound the oldest datagram makes room and is counted. RFC 791 3.2, RFC 8200 4.5.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dfc/memory.h"
#include "ip.h"

namespace dfc {

class FragmentTable {
 public:
  explicit FragmentTable(size_t datagrams_max);

  // Takes the fragment. On kOk the datagram is complete: `datagram` is rewritten to be the whole,
  // its payload lies in this table until the next call. kFragmentHeld: more is to come.
  Verdict Add(int64_t time_ns, IpDatagram& datagram);

  uint64_t abandoned() const { return abandoned_; }

 private:
  static constexpr size_t kDatagramBytesMax = 65'535;
  static constexpr size_t kRunsMax = 64;

  struct Run {
    uint32_t begin, end;
  };
  struct Slot {
    IpAddress source, destination;
    uint32_t id = 0;
    uint8_t protocol = 0;
    bool is_ipv6 = false;
    bool used = false;
    int64_t started_ns = 0;
    uint32_t total_bytes = 0;  // Of the payload; 0 until the last fragment came.
    uint32_t run_count = 0;
    std::array<Run, kRunsMax> runs;  // Sorted, disjoint, never touching.
  };

  Slot& Find(int64_t time_ns, const IpDatagram& datagram);
  uint8_t* Buffer(const Slot& slot);
  Verdict Place(Slot& slot, uint32_t begin, uint32_t end);
  Verdict Drop(Slot& slot, Verdict verdict);

  std::vector<Slot> slots_;
  Mapping buffers_;
  int64_t clock_ns_ = INT64_MIN;
  uint64_t abandoned_ = 0;
};

}  // namespace dfc
