#include "reassemble.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace dfc {

StreamPlayer::StreamPlayer(const ReassembleOptions& options)
    : options_(options), pool_(options.pool_bytes_max), budget_{pool_} {
  if (options.anchored) stream_.Anchor(options.first_seq, budget_, *this);
}

StreamPlayer::~StreamPlayer() {
  stream_.Finish(clock_ns_, budget_, *this);
  EXPECT_EQ(budget_.pool_bytes_taken, 0u);
}

const std::string& StreamPlayer::Play(std::string_view script) {
  std::istringstream words{std::string(script)};
  for (std::string word; words >> word;) PlayWord(word);
  return output_;
}

void StreamPlayer::PlayWord(std::string_view word) {
  if (word == "!") return stream_.Finish(clock_ns_, budget_, *this);
  if (word.front() == '@') {
    clock_ns_ = std::atoll(word.data() + 1) * 1'000'000;
    return;
  }
  const int64_t offset = std::atoll(word.data());
  const uint32_t seq = options_.first_seq + static_cast<uint32_t>(offset);
  const size_t colon = word.find(':');
  if (colon != std::string_view::npos) {
    const size_t plus = word.find('+');
    const auto missing = plus == std::string_view::npos ? 0 : std::atoi(word.data() + plus + 1);
    return Insert(offset, word.substr(colon + 1, plus - colon - 1), static_cast<uint32_t>(missing));
  }
  if (word.back() == 'F') {
    stream_.Fin(seq);
  } else if (word.back() == 'A') {
    counts_.refused_bytes += stream_.Anchor(seq, budget_, *this);
  } else {
    ADD_FAILURE() << "no word of a script: " << word;
  }
}

void StreamPlayer::Insert(int64_t offset, std::string_view text, uint32_t missing) {
  // Of exactly its size, so that a sanitizer sees a read past the segment.
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  payload_bytes_ += bytes.size();
  const uint32_t seq = options_.first_seq + static_cast<uint32_t>(offset);
  stream_.Insert({seq, bytes, missing, clock_ns_, clock_ns_}, options_.limits, budget_, counts_,
                 *this);
}

void StreamPlayer::OnData(int64_t, uint64_t offset, ByteSpan bytes) {
  EXPECT_EQ(offset, offset_) << "offsets must follow on";
  EXPECT_FALSE(bytes.empty());
  output_.append(AsChars(bytes.data()), bytes.size());
  offset_ += bytes.size();
  data_bytes_ += bytes.size();
}

void StreamPlayer::OnGap(int64_t, uint64_t offset, uint32_t bytes) {
  EXPECT_EQ(offset, offset_) << "offsets must follow on";
  EXPECT_GT(bytes, 0u);
  output_ += fmt::format("<{}>", bytes);
  offset_ += bytes;
}

}  // namespace dfc
