// FragmentTable against a slow and obvious model: one flag a byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "dfc/time.h"
#include "fragments.h"
#include "packet_builder.h"

namespace dfc {
namespace {

constexpr size_t kDatagramsMax = 3;
constexpr size_t kRunsMax = 64;
constexpr size_t kBytesMax = 65'535;

struct Piece {
  uint32_t id;
  uint32_t at;
  bool more;
  std::string bytes;
};

class Model {
 public:
  Verdict Add(int64_t t_ns, const Piece& piece, std::string& whole) {
    clock_ns_ = std::max(clock_ns_, t_ns);
    MakeRoom(piece.id);
    Datagram& datagram = datagrams_[piece.id];
    const Verdict verdict = Enter(datagram, piece);
    const bool dropped = verdict == Verdict::kFragmentOverlap ||
                         verdict == Verdict::kFragmentBeyond || datagram.Empty();
    if (verdict == Verdict::kOk) whole = datagram.Text();
    if (dropped || verdict == Verdict::kOk) datagrams_.erase(piece.id);
    return verdict;
  }

 private:
  struct Datagram {
    int64_t started_ns = 0;
    std::map<uint32_t, char> bytes;
    std::optional<uint32_t> total;

    bool Empty() const { return bytes.empty(); }
    std::string Text() const {
      std::string text;
      for (const auto& [at, byte] : bytes) text += byte;
      return text;
    }
    size_t Runs() const {
      size_t runs = 0;
      for (const auto& [at, byte] : bytes) runs += at == 0 || bytes.count(at - 1) == 0;
      return runs;
    }
  };

  // Forgets what is too old and, for a datagram that is new to a full table, the oldest.
  void MakeRoom(uint32_t id) {
    std::erase_if(datagrams_, [this](const auto& entry) {
      return clock_ns_ - entry.second.started_ns > 30 * kNsPerSecond;
    });
    if (datagrams_.count(id) > 0) return;
    if (datagrams_.size() == kDatagramsMax) {
      datagrams_.erase(std::min_element(
          datagrams_.begin(), datagrams_.end(),
          [](const auto& a, const auto& b) { return a.second.started_ns < b.second.started_ns; }));
    }
    datagrams_[id].started_ns = clock_ns_;
  }

  static Verdict Enter(Datagram& datagram, const Piece& piece) {
    size_t size = piece.bytes.size();
    if (piece.more) size = size / 8 * 8;
    const uint32_t end = piece.at + static_cast<uint32_t>(size);
    if (end > kBytesMax) return Verdict::kFragmentBeyond;
    if (size == 0) return Verdict::kBadIpLength;
    const uint32_t have_end = datagram.Empty() ? 0 : datagram.bytes.rbegin()->first + 1;
    if (datagram.total && end > *datagram.total) return Verdict::kFragmentBeyond;
    if (!piece.more && (end < have_end || (datagram.total && end != *datagram.total))) {
      return Verdict::kFragmentBeyond;
    }
    size_t have = 0;
    for (uint32_t at = piece.at; at < end; ++at) have += datagram.bytes.count(at);
    if (have == size) return Verdict::kFragmentHeld;
    if (have > 0) return Verdict::kFragmentOverlap;
    Datagram grown = datagram;
    for (uint32_t at = piece.at; at < end; ++at) grown.bytes[at] = piece.bytes[at - piece.at];
    if (grown.Runs() > kRunsMax) return Verdict::kFragmentLimit;
    if (!piece.more) grown.total = end;
    datagram = grown;
    return datagram.total && datagram.bytes.size() == *datagram.total ? Verdict::kOk
                                                                      : Verdict::kFragmentHeld;
  }

  std::map<uint32_t, Datagram> datagrams_;
  int64_t clock_ns_ = INT64_MIN;
};

// Mostly honest pieces of a short text, now and then a lie about place, length or end.
Piece RandomPiece(std::mt19937_64& random, uint32_t units) {
  const auto below = [&random](uint64_t n) { return static_cast<uint32_t>(random() % n); };
  Piece piece{below(4), below(units) * 8, true, ""};
  const uint32_t total = units * 8 - 3;
  size_t size = 8 * (1 + below(3));
  if (piece.at + size >= total) {
    size = total - piece.at;
    piece.more = false;
  }
  if (below(30) == 0) size = below(40);
  if (below(40) == 0) piece.more = !piece.more;
  if (below(60) == 0) piece.at = 65'528 - 8 * below(3);
  for (size_t n = 0; n < size; ++n) piece.bytes += static_cast<char>('a' + below(26));
  return piece;
}

IpDatagram DatagramOf(const Piece& piece) {
  IpDatagram datagram;
  datagram.source = Address("10.0.0.1");
  datagram.destination = Address("10.0.0.2");
  datagram.payload = AsBytes(piece.bytes.data(), piece.bytes.size());
  datagram.protocol = kUdp;
  datagram.is_fragment = true;
  datagram.more_fragments = piece.more;
  datagram.fragment_at = piece.at;
  datagram.fragment_id = piece.id;
  return datagram;
}

TEST(FragmentTableModel, AgreesOnRandomScripts) {
  std::mt19937_64 random(20'240'601);
  size_t completed = 0;
  for (int script = 0; script < 20'000; ++script) {
    FragmentTable table(kDatagramsMax);
    Model model;
    const auto units = static_cast<uint32_t>(2 + random() % 6);
    int64_t t_ns = 0;
    for (int n = 0; n < 24; ++n) {
      t_ns += static_cast<int64_t>(random() % (random() % 50 == 0 ? 40 : 2)) * kNsPerSecond + 1;
      const Piece piece = RandomPiece(random, units);
      IpDatagram datagram = DatagramOf(piece);
      std::string whole;
      const Verdict wanted = model.Add(t_ns, piece, whole);
      const Verdict got = table.Add(t_ns, datagram);
      ASSERT_EQ(VerdictName(got), VerdictName(wanted)) << "script " << script << " piece " << n;
      if (got != Verdict::kOk) continue;
      ++completed;
      ASSERT_EQ(std::string(AsChars(datagram.payload.data()), datagram.payload.size()), whole);
    }
  }
  EXPECT_GT(completed, 10'000u);
}

TEST(FragmentTableModel, AgreesOnManySmallRuns) {
  std::mt19937_64 random(7);
  for (int script = 0; script < 20; ++script) {
    FragmentTable table(kDatagramsMax);
    Model model;
    for (int n = 0; n < 300; ++n) {
      const auto unit = static_cast<uint32_t>(random() % 160);
      const Piece piece{1, unit * 8, unit < 159, "12345678"};
      IpDatagram datagram = DatagramOf(piece);
      std::string whole;
      const Verdict wanted = model.Add(1, piece, whole);
      ASSERT_EQ(VerdictName(table.Add(1, datagram)), VerdictName(wanted)) << n;
    }
  }
}

}  // namespace
}  // namespace dfc
