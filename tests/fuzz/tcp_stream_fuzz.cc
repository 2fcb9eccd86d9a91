// Any script of segments through a TcpStream.
//
//   head (1 byte: limits 1 bit, policy) | then records: act (1) | offset (2) | length (1)
//
// Offsets must follow on, every byte must come out once, delivered or discarded, and all memory
// must come back. Without limits, policy "first" must deliver the first copy of each byte.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <vector>

#include "tcp_stream.h"

namespace dfc {
namespace {

constexpr uint32_t kFirstSeq = 0xFFFFF000;  // Wraps within a script.

// Abort is how a fuzz target says that a promise was broken.
void Expect(bool promise) {
  if (!promise) std::abort();
}

class Output final : public StreamHandler {
 public:
  void OnData(Arrival, uint64_t offset, ByteSpan bytes) override {
    Expect(offset == next && !bytes.empty());
    for (const uint8_t byte : bytes) data[next++] = byte;
  }
  void OnGap(int64_t, uint64_t offset, uint32_t bytes) override {
    Expect(offset == next && bytes > 0);
    next += bytes;
  }
  void OnUrgent(Arrival arrival, uint64_t offset, uint8_t byte) override {
    OnData(arrival, offset, ByteSpan(&byte, 1));
  }
  void OnDiscard(Arrival, Discard, uint64_t, ByteSpan bytes) override {
    Expect(!bytes.empty());
    discarded += bytes.size();
  }
  Difference CompareWithDelivered(uint64_t offset, ByteSpan bytes) override {
    Difference difference{0, 0};
    for (size_t n = 0; n < bytes.size(); ++n) {
      const auto at = data.find(offset + n);
      if (at == data.end() || at->second == bytes[n]) continue;
      if (difference.end == 0) difference.begin = n;
      difference.end = n + 1;
    }
    return difference;
  }
  uint64_t next = 0;
  uint64_t discarded = 0;
  std::map<uint64_t, uint8_t> data;
};

struct Run {
  Output output;
  uint64_t payload_bytes = 0;
  bool exact = false;
  std::map<uint64_t, uint8_t> first_copies;
};

void PlayRecord(Run& run, TcpStream& stream, const StreamContext& context, const uint8_t* record,
                int64_t t_ns) {
  const uint32_t offset = record[1] * 256u + record[2];
  const uint8_t act = record[0] % 16;
  run.exact = run.exact && act < 11;
  if (act == 15) return stream.MarkUrgent(kFirstSeq + offset);
  if (act == 14) return stream.Acknowledge(kFirstSeq + offset, context);
  if (act == 13) return stream.Anchor(kFirstSeq + record[1], context);
  std::vector<uint8_t> bytes(record[3]);
  for (size_t n = 0; n < bytes.size(); ++n) {
    bytes[n] = static_cast<uint8_t>(t_ns * 7 + static_cast<int64_t>(n));
    run.first_copies.emplace(offset + n, bytes[n]);
  }
  const TcpSegment segment{.seq = kFirstSeq + offset,
                           .payload = bytes,
                           .fin = act == 11,
                           .doubt = Doubt::kOther,
                           .arrival = {t_ns, 0},
                           .clock_ns = t_ns};
  if (act == 12 && !stream.SetAside(segment, context)) return;
  run.payload_bytes += bytes.size();
  if (act != 12) stream.Insert(segment, context);
}

void Play(const uint8_t* data, size_t size) {
  const bool limited = data[0] % 2 == 1;
  const StreamLimits limits{limited ? size_t{1'024} : size_t{16} << 20,
                            limited ? 8 : INT64_MAX / 2};
  SegmentPool pool(limited ? size_t{data[0]} * 512 : size_t{32} << 20);
  HeldBudget budget{pool};
  Run run;
  const auto policy = static_cast<HostPolicy>(data[0] / 2 % kHostPolicyCount);
  const StreamContext context{limits, budget, run.output, policy};
  TcpStream stream{};
  stream.Anchor(kFirstSeq, context);
  run.exact = !limited && policy == HostPolicy::kFirst;
  int64_t t_ns = 0;
  for (size_t at = 1; size - at >= 4; at += 4, ++t_ns) {
    PlayRecord(run, stream, context, data + at, t_ns);
  }
  stream.Finish(t_ns, context);
  if (run.exact) Expect(run.output.data == run.first_copies);
  Expect(run.output.data.size() + run.output.discarded == run.payload_bytes);
  Expect(pool.bytes_taken() == 0 && budget.pool_bytes_taken == 0);
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) dfc::Play(data, size);
  return 0;
}
