#include "fragments.h"

#include <algorithm>
#include <cstring>

#include "dfc/time.h"

namespace dfc {

namespace {
constexpr int64_t kFragmentTimeoutNs = 30 * kNsPerSecond;  // Linux: net.ipv4.ipfrag_time.
constexpr size_t kBufferBytes = 65'536;
}  // namespace

FragmentTable::FragmentTable(size_t datagrams_max)
    : slots_(datagrams_max), buffers_(datagrams_max * kBufferBytes) {}

uint8_t* FragmentTable::Buffer(const Slot& slot) {
  return buffers_.data() + static_cast<size_t>(&slot - slots_.data()) * kBufferBytes;
}

// The slot of the datagram's other fragments, else a fresh one: free, or taken from the oldest.
FragmentTable::Slot& FragmentTable::Find(int64_t time_ns, const IpDatagram& datagram) {
  clock_ns_ = std::max(clock_ns_, time_ns);
  Slot* fresh = &slots_[0];
  for (Slot& slot : slots_) {
    if (slot.used && clock_ns_ - slot.started_ns > kFragmentTimeoutNs) {
      slot.used = false;
      ++abandoned_;
    }
    const bool same = slot.used && slot.id == datagram.fragment_id &&
                      slot.is_ipv6 == datagram.is_ipv6 && slot.source == datagram.source &&
                      slot.destination == datagram.destination &&
                      (slot.is_ipv6 || slot.protocol == datagram.protocol);
    if (same) return slot;
    const bool better = !slot.used || (fresh->used && slot.started_ns < fresh->started_ns);
    if (fresh->used && better) fresh = &slot;
  }
  if (fresh->used) ++abandoned_;
  fresh->used = true;
  fresh->source = datagram.source;
  fresh->destination = datagram.destination;
  fresh->id = datagram.fragment_id;
  fresh->protocol = datagram.protocol;
  fresh->is_ipv6 = datagram.is_ipv6;
  fresh->started_ns = clock_ns_;
  fresh->total_bytes = 0;
  fresh->run_count = 0;
  return *fresh;
}

Verdict FragmentTable::Drop(Slot& slot, Verdict verdict) {
  slot.used = false;
  return verdict;
}

// Enters [begin, end) into the runs. kOk: new bytes; kFragmentHeld: all of it was there already.
Verdict FragmentTable::Place(Slot& slot, uint32_t begin, uint32_t end) {
  Run* const first = slot.runs.data();
  Run* const last = first + slot.run_count;
  Run* at = std::find_if(first, last, [&](const Run& run) { return run.end >= begin; });
  if (at != last && at->begin <= begin && end <= at->end) return Verdict::kFragmentHeld;

  Run* next = at;  // The first run that begins at or behind `begin`.
  if (at != last && at->begin < begin) {
    if (at->end > begin) return Verdict::kFragmentOverlap;
    ++next;
  }
  if (next != last && next->begin < end) return Verdict::kFragmentOverlap;

  const bool joins_front = next != at;
  const bool joins_back = next != last && next->begin == end;
  if (joins_front && joins_back) {
    at->end = next->end;
    std::copy(next + 1, last, next);
    --slot.run_count;
  } else if (joins_front) {
    at->end = end;
  } else if (joins_back) {
    next->begin = begin;
  } else {
    if (slot.run_count == kRunsMax) return Verdict::kFragmentLimit;
    std::copy_backward(next, last, last + 1);
    *next = {begin, end};
    ++slot.run_count;
  }
  return Verdict::kOk;
}

Verdict FragmentTable::Add(int64_t time_ns, IpDatagram& datagram) {
  if (datagram.payload_missing > 0) return Verdict::kTruncated;
  Slot& slot = Find(time_ns, datagram);
  const uint32_t begin = datagram.fragment_at;
  uint32_t end = begin + static_cast<uint32_t>(datagram.payload.size());
  if (datagram.more_fragments) {
    // Only the last fragment may end off an 8-byte edge (Linux cuts IPv4, refuses IPv6).
    if (end % 8 != 0 && datagram.is_ipv6) return Drop(slot, Verdict::kBadIpLength);
    end &= ~uint32_t{7};
  }
  if (end > kDatagramBytesMax) return Drop(slot, Verdict::kFragmentBeyond);
  if (end <= begin)
    return slot.run_count == 0 ? Drop(slot, Verdict::kBadIpLength) : Verdict::kBadIpLength;

  const uint32_t known_end = slot.run_count == 0 ? 0 : slot.runs[slot.run_count - 1].end;
  const bool beyond = slot.total_bytes != 0 && end > slot.total_bytes;
  const bool shrinks = !datagram.more_fragments &&
                       (end < known_end || (slot.total_bytes != 0 && end != slot.total_bytes));
  if (beyond || shrinks) return Drop(slot, Verdict::kFragmentBeyond);

  const Verdict verdict = Place(slot, begin, end);
  if (verdict == Verdict::kFragmentOverlap) return Drop(slot, verdict);
  if (verdict != Verdict::kOk) return verdict;
  if (!datagram.more_fragments) slot.total_bytes = end;
  std::memcpy(Buffer(slot) + begin, datagram.payload.data(), end - begin);
  // The first fragment names the transport; an IPv6 one may differ from the others (RFC 8200 4.5).
  if (begin == 0) slot.protocol = datagram.protocol;

  const bool complete = slot.total_bytes != 0 && slot.run_count == 1 && slot.runs[0].begin == 0 &&
                        slot.runs[0].end == slot.total_bytes;
  if (!complete) return Verdict::kFragmentHeld;
  slot.used = false;
  datagram.protocol = slot.protocol;
  datagram.payload = ByteSpan(Buffer(slot), slot.total_bytes);
  const size_t header_bytes = datagram.is_ipv6 ? kIpv6HeaderBytes : kIpv4HeaderBytesMin;
  datagram.total_bytes = static_cast<uint32_t>(header_bytes + slot.total_bytes);
  datagram.is_fragment = datagram.more_fragments = false;
  datagram.fragment_at = 0;
  return Verdict::kOk;
}

}  // namespace dfc
