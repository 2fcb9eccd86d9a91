#include "reassemble.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace dfc {

StreamPlayer::StreamPlayer(const ReassembleOptions& options)
    : options_(options), pool_(options.pool_bytes_max), budget_{pool_} {
  if (options.anchored) stream_.Anchor(options.first_seq, Context());
}

StreamPlayer::~StreamPlayer() {
  stream_.Finish(clock_ns_, Context());
  EXPECT_EQ(budget_.pool_bytes_taken, 0u);
  EXPECT_EQ(data_bytes_ + discarded_[0] + discarded_[1] + discarded_[2] + discarded_[3],
            payload_bytes_)
      << "every byte comes out once";
}

const std::string& StreamPlayer::Play(std::string_view script) {
  std::istringstream words{std::string(script)};
  for (std::string word; words >> word;) PlayWord(word);
  return output_;
}

void StreamPlayer::PlayWord(std::string_view word) {
  if (word == "!") return stream_.Finish(clock_ns_, Context());
  if (word.front() == '@') {
    clock_ns_ = std::atoll(word.data() + 1) * 1'000'000;
    return;
  }
  if (word.front() == '?') return PlaySegment(word.substr(1), true);
  if (word.find(':') != std::string_view::npos) return PlaySegment(word, false);
  const uint32_t seq = options_.first_seq + static_cast<uint32_t>(std::atoll(word.data()));
  switch (word.back()) {
    case 'A':
      return stream_.Anchor(seq, Context());
    case 'K':
      return stream_.Acknowledge(seq, Context());
    case 'U':
      return stream_.MarkUrgent(seq);
    default:
      ADD_FAILURE() << "no word of a script: " << word;
  }
}

void StreamPlayer::PlaySegment(std::string_view word, bool aside) {
  const int64_t offset = std::atoll(word.data());
  word.remove_prefix(word.find(':') + 1);
  const bool fin = word.ends_with('F');
  if (fin) word.remove_suffix(1);
  const size_t plus = word.find('+');
  uint32_t missing = 0;
  if (plus != std::string_view::npos) {
    missing = static_cast<uint32_t>(std::atoi(word.data() + plus + 1));
    word = word.substr(0, plus);
  }
  if (!aside) return Insert(offset, word, missing, fin);
  const std::vector<uint8_t> bytes(word.begin(), word.end());
  payload_bytes_ += bytes.size();
  const uint32_t seq = options_.first_seq + static_cast<uint32_t>(offset);
  EXPECT_TRUE(stream_.SetAside(
      {seq, bytes, missing, fin, Doubt::kOther, 0, 0, {clock_ns_, 0}, clock_ns_}, Context()));
}

void StreamPlayer::Insert(int64_t offset, std::string_view text, uint32_t missing, bool fin) {
  // Of exactly its size, so that a sanitizer sees a read past the segment.
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  payload_bytes_ += bytes.size();
  const uint32_t seq = options_.first_seq + static_cast<uint32_t>(offset);
  stream_.Insert({seq, bytes, missing, fin, Doubt::kOther, 0, 0, {clock_ns_, 0}, clock_ns_},
                 Context());
}

void StreamPlayer::OnData(Arrival, uint64_t offset, ByteSpan bytes) {
  EXPECT_EQ(offset, offset_) << "offsets must follow on";
  EXPECT_FALSE(bytes.empty());
  output_.append(AsChars(bytes.data()), bytes.size());
  delivered_.append(AsChars(bytes.data()), bytes.size());
  offset_ += bytes.size();
  data_bytes_ += bytes.size();
}

void StreamPlayer::OnGap(int64_t, uint64_t offset, uint32_t bytes) {
  EXPECT_EQ(offset, offset_) << "offsets must follow on";
  EXPECT_GT(bytes, 0u);
  output_ += fmt::format("<{}>", bytes);
  delivered_.append(bytes, ' ');
  offset_ += bytes;
}

void StreamPlayer::OnUrgent(Arrival, uint64_t offset, uint8_t byte) {
  EXPECT_EQ(offset, offset_++) << "offsets must follow on";
  output_ += '^';
  output_ += static_cast<char>(byte);
  delivered_ += static_cast<char>(byte);
  ++data_bytes_;
}

void StreamPlayer::OnDiscard(Arrival, Discard why, uint64_t offset, ByteSpan bytes) {
  EXPECT_FALSE(bytes.empty());
  discarded_[static_cast<size_t>(why)] += bytes.size();
  if (why != Discard::kConflict) return;
  conflicts_ += fmt::format("{}{}:{}", conflicts_.empty() ? "" : " ", offset,
                            std::string_view(AsChars(bytes.data()), bytes.size()));
}

StreamHandler::Difference StreamPlayer::CompareWithDelivered(uint64_t offset, ByteSpan bytes) {
  Difference difference{0, 0};
  for (size_t n = 0; n < bytes.size(); ++n) {
    if (offset + n >= delivered_.size() || delivered_[offset + n] == bytes[n]) continue;
    if (difference.end == 0) difference.begin = n;
    difference.end = n + 1;
  }
  return difference;
}

}  // namespace dfc
