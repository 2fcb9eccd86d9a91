// Any script of segments through a TcpStream, against a map of bytes.
//
//   limit (1 byte) | then records: act (1) | offset (2) | length (1)
//
// With the limit off, the stream must deliver exactly what the map has: the first copy of each
// byte. With small limits, offsets must never go back, and every byte must be accounted for.
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
  void OnData(int64_t, uint64_t offset, ByteSpan bytes) override {
    Expect(offset == next && !bytes.empty());
    for (const uint8_t byte : bytes) data[next++] = byte;
  }
  void OnGap(int64_t, uint64_t offset, uint32_t bytes) override {
    Expect(offset == next && bytes > 0);
    next += bytes;
  }
  uint64_t next = 0;
  std::map<uint64_t, uint8_t> data;
};

struct Run {
  Output output;
  StreamCounts counts;
  uint64_t payload_bytes = 0;
  std::map<uint64_t, uint8_t> first_copies;
};

void Insert(Run& run, TcpStream& stream, HeldBudget& budget, const StreamLimits& limits,
            const uint8_t* record, int64_t t_ns) {
  const uint32_t offset = record[1] * 256u + record[2];
  std::vector<uint8_t> bytes(record[3]);
  for (size_t n = 0; n < bytes.size(); ++n) {
    bytes[n] = static_cast<uint8_t>(t_ns * 7 + static_cast<int64_t>(n));
    run.first_copies.emplace(offset + n, bytes[n]);
  }
  run.payload_bytes += bytes.size();
  stream.Insert({kFirstSeq + offset, bytes, 0, t_ns, t_ns}, limits, budget, run.counts, run.output);
}

void Play(const uint8_t* data, size_t size) {
  const bool limited = data[0] % 2 == 1;
  const StreamLimits limits{limited ? size_t{1'024} : size_t{16} << 20,
                            limited ? 8 : INT64_MAX / 2};
  SegmentPool pool(limited ? size_t{data[0]} * 512 : size_t{32} << 20);
  HeldBudget budget{pool};
  TcpStream stream{};
  Run run;
  stream.Anchor(kFirstSeq, budget, run.output);
  bool exact = !limited;
  int64_t t_ns = 0;
  for (size_t at = 1; size - at >= 4; at += 4, ++t_ns) {
    const uint8_t* record = data + at;
    if (record[0] % 16 == 15) {
      stream.Fin(kFirstSeq + record[1] * 256u + record[2]);
      exact = false;
    } else if (record[0] % 16 == 14) {
      run.counts.refused_bytes += stream.Anchor(kFirstSeq + record[1], budget, run.output);
      exact = exact && record[1] == 0;  // Offsets count from the anchor.
    } else {
      Insert(run, stream, budget, limits, record, t_ns);
    }
  }
  stream.Finish(t_ns, budget, run.output);
  if (exact) Expect(run.output.data == run.first_copies);
  const uint64_t dropped =
      run.counts.duplicate_bytes + run.counts.refused_bytes + budget.refused_bytes;
  Expect(run.output.data.size() + dropped == run.payload_bytes);
  Expect(pool.bytes_taken() == 0 && budget.pool_bytes_taken == 0);
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) dfc::Play(data, size);
  return 0;
}
