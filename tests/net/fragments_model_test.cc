// FragmentTable against a slow and obvious model: for each byte, which piece it belongs to.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "dfc/time.h"
#include "fragment_script.h"
#include "sanitized.h"

namespace dfc {
namespace {

constexpr size_t kDatagramsMax = 12;
constexpr size_t kSourceDatagramsMax = 3;  // All scripts have one source.
constexpr size_t kPiecesMax = 256;
constexpr size_t kPayloadBytesMax = 65'515;

struct Piece {
  uint32_t id;
  uint32_t at;
  bool more;
  std::string bytes;
};

class Model {
 public:
  explicit Model(HostPolicy policy) : policy_(policy) {}

  Verdict Add(int64_t t_ns, const Piece& piece, std::string& whole) {
    clock_ns_ = std::max(clock_ns_, t_ns);
    MakeRoom(piece.id);
    Datagram& datagram = datagrams_[piece.id];
    Verdict verdict = Enter(datagram, piece);
    if (verdict == Verdict::kOk) whole = datagram.Text();
    if (verdict == Verdict::kOk && whole.size() > kPayloadBytesMax) {
      verdict = Verdict::kFragmentBeyond;
    }
    if (verdict != Verdict::kFragmentHeld && verdict != Verdict::kFragmentDuplicate) {
      datagrams_.erase(piece.id);
    }
    return verdict;
  }

 private:
  struct Byte {
    char value;
    int piece;
  };
  struct Datagram {
    int64_t started_ns = 0;
    std::map<uint32_t, Byte> bytes;
    uint32_t end = 0;
    bool has_last = false;

    std::string Text() const {
      std::string text;
      for (const auto& [at, byte] : bytes) text += byte.value;
      return text;
    }
    bool Joined(uint32_t at) const {  // With the byte before.
      const auto byte = bytes.find(at), before = bytes.find(at - 1);
      return at > 0 && byte != bytes.end() && before != bytes.end() &&
             byte->second.piece == before->second.piece;
    }
    size_t Pieces() const {
      size_t pieces = 0;
      for (const auto& [at, byte] : bytes) pieces += !Joined(at);
      return pieces;
    }
    uint32_t PieceBegin(uint32_t at) const {
      while (Joined(at)) --at;
      return at;
    }
    uint32_t PieceEnd(uint32_t at) const {
      for (++at; Joined(at);) ++at;
      return at;
    }
  };

  // Forgets what is too old and, for a datagram that is new to a full share, the oldest.
  void MakeRoom(uint32_t id) {
    std::erase_if(datagrams_, [this](const auto& entry) {
      return clock_ns_ - entry.second.started_ns > 30 * kNsPerSecond;
    });
    if (datagrams_.count(id) > 0) return;
    if (datagrams_.size() == kSourceDatagramsMax) {
      datagrams_.erase(std::min_element(
          datagrams_.begin(), datagrams_.end(),
          [](const auto& a, const auto& b) { return a.second.started_ns < b.second.started_ns; }));
    }
    datagrams_[id].started_ns = clock_ns_;
  }

  Verdict Enter(Datagram& datagram, const Piece& piece) {
    size_t size = piece.bytes.size();
    if (piece.more) size = size / 8 * 8;
    const uint32_t end = piece.at + static_cast<uint32_t>(size);
    const bool moves_end = datagram.has_last && end != datagram.end;
    if (!piece.more && (moves_end || end < datagram.end)) return Verdict::kFragmentBeyond;
    if (datagram.has_last && end > datagram.end) return Verdict::kFragmentBeyond;
    datagram.has_last |= !piece.more;
    datagram.end = std::max(datagram.end, end);
    if (size == 0) return Verdict::kBadIpLength;
    const Verdict verdict =
        policy_ == HostPolicy::kLinux ? AddRun(datagram, piece, end) : Settle(datagram, piece, end);
    if (verdict != Verdict::kFragmentHeld) return verdict;
    const bool complete = datagram.has_last && datagram.bytes.size() == datagram.end;
    return complete ? Verdict::kOk : Verdict::kFragmentHeld;
  }

  // Linux: what touches the end of the last run joins it, all else that is new is a run of its own.
  Verdict AddRun(Datagram& datagram, const Piece& piece, uint32_t end) {
    size_t shared = 0;
    std::set<int> runs;
    for (uint32_t at = piece.at; at < end; ++at) {
      const auto byte = datagram.bytes.find(at);
      if (byte == datagram.bytes.end()) continue;
      ++shared;
      runs.insert(byte->second.piece);
    }
    if (shared == end - piece.at && runs.size() == 1) return Verdict::kFragmentDuplicate;
    if (shared > 0) return Verdict::kFragmentOverlap;
    const bool joins = !datagram.bytes.empty() && datagram.bytes.rbegin()->first + 1 == piece.at;
    const int run = joins ? datagram.bytes.rbegin()->second.piece : ++pieces_;
    if (!joins && datagram.Pieces() == kPiecesMax) return Verdict::kFragmentLimit;
    for (uint32_t at = piece.at; at < end; ++at) {
      datagram.bytes[at] = {piece.bytes[at - piece.at], run};
    }
    return Verdict::kFragmentHeld;
  }

  // The other policies: byte by byte, as the relation of the two pieces says.
  Verdict Settle(Datagram& datagram, const Piece& piece, uint32_t end) {
    Datagram settled = datagram;
    const int fresh = ++pieces_;
    size_t won = 0;
    for (uint32_t at = piece.at; at < end; ++at) {
      const bool wins = datagram.bytes.count(at) == 0 ||
                        Wins(piece.at, end, datagram.PieceBegin(at), datagram.PieceEnd(at));
      if (!wins) continue;
      settled.bytes[at] = {piece.bytes[at - piece.at], fresh};
      ++won;
    }
    if (won == 0) return Verdict::kFragmentDuplicate;
    if (settled.Pieces() > kPiecesMax) return Verdict::kFragmentLimit;
    datagram = settled;
    return Verdict::kFragmentHeld;
  }

  bool Wins(uint32_t begin, uint32_t end, uint32_t old_begin, uint32_t old_end) const {
    switch (policy_) {
      case HostPolicy::kLast:
        return true;
      case HostPolicy::kBsd:
        return begin < old_begin;
      case HostPolicy::kLinuxNs:
      case HostPolicy::kOldLinux:
        return begin <= old_begin;
      case HostPolicy::kSolaris:
        return begin < old_begin && old_end <= end;
      case HostPolicy::kWindows:
      case HostPolicy::kVista:
        return begin < old_begin && old_end < end;
      default:
        return false;
    }
  }

  const HostPolicy policy_;
  std::map<uint32_t, Datagram> datagrams_;
  int64_t clock_ns_ = INT64_MIN;
  int pieces_ = 0;
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

class FragmentTableModel : public testing::TestWithParam<HostPolicy> {
 protected:
  FragmentTable Table() const {
    DecodeOptions options{.fragment_datagrams_max = kDatagramsMax};
    EXPECT_TRUE(options.host_policies.Add(HostPolicyName(GetParam())).ok());
    return FragmentTable(options);
  }
  // Gives the piece to both; false when they disagree. Counts what became whole.
  bool Agree(FragmentTable& table, Model& model, int64_t t_ns, const Piece& piece) {
    IpDatagram datagram = FragmentOf(piece.bytes, piece.at, piece.more, piece.id);
    std::string whole;
    const Verdict wanted = model.Add(t_ns, piece, whole);
    const Verdict got = table.Add(t_ns, datagram);
    EXPECT_STREQ(VerdictName(got), VerdictName(wanted));
    if (got != wanted || got != Verdict::kOk) return got == wanted;
    ++completed_;
    const std::string text(AsChars(datagram.payload.data()), datagram.payload.size());
    EXPECT_EQ(text, whole);
    return text == whole;
  }
  size_t completed_ = 0;
};

TEST_P(FragmentTableModel, AgreesOnRandomScripts) {
  std::mt19937_64 random(20'240'601);
  FragmentTable table = Table();
  Model model(GetParam());
  int64_t t_ns = 0;
  constexpr uint64_t kScripts = kIsSanitized ? 500 : 2'000;  // A sanitizer takes 20 times as long.
  for (uint64_t script = 0; script < kScripts; ++script) {
    const auto units = static_cast<uint32_t>(2 + random() % 6);
    t_ns += 2 * kNsPerMinute;  // What the last one left is forgotten.
    for (int n = 0; n < 24; ++n) {
      t_ns += static_cast<int64_t>(random() % (random() % 50 == 0 ? 40 : 2)) * kNsPerSecond + 1;
      ASSERT_TRUE(Agree(table, model, t_ns, RandomPiece(random, units)))
          << "script " << script << " piece " << n;
    }
  }
  EXPECT_GT(completed_, kScripts / 3);
}

TEST_P(FragmentTableModel, AgreesOnManySmallPieces) {
  std::mt19937_64 random(7);
  for (int script = 0; script < (kIsSanitized ? 1 : 2); ++script) {
    FragmentTable table = Table();
    Model model(GetParam());
    for (int n = 0; n < 700; ++n) {
      const auto unit = static_cast<uint32_t>(random() % 600);
      ASSERT_TRUE(Agree(table, model, 1, {1, unit * 8, unit < 599, "12345678"})) << n;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, FragmentTableModel,
                         testing::Values(HostPolicy::kLinux, HostPolicy::kFirst, HostPolicy::kLast,
                                         HostPolicy::kBsd, HostPolicy::kLinuxNs,
                                         HostPolicy::kSolaris, HostPolicy::kWindows),
                         [](const auto& policy) {
                           std::string name = HostPolicyName(policy.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace dfc
