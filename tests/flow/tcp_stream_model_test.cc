// TcpStream against a slow and obvious model: a map from offset to the first copy of its byte.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <map>
#include <random>

#include "reassemble.h"

namespace dfc {
namespace {

struct Script {
  std::string words;
  std::string expected;
  uint64_t payload_bytes = 0;
};

// What the stream must come to: bytes in order of offset, with gaps between, from `from` on.
std::string Render(const std::map<int64_t, char>& bytes, int64_t from) {
  std::string text;
  int64_t next = from;
  for (const auto& [at, byte] : bytes) {
    if (at > next) text += fmt::format("<{}>", at - next);
    text += byte;
    next = at + 1;
  }
  return text;
}

Script RandomScript(std::mt19937_64& random, bool anchored) {
  Script script;
  std::map<int64_t, char> first_copies;
  const uint64_t length = 1 + random() % 60;
  const uint64_t size_max = 1 + random() % 20;
  for (uint64_t n = 1 + random() % 16; n > 0; --n) {
    const auto at = static_cast<int64_t>(random() % length);
    std::string text;
    for (uint64_t size = 1 + random() % size_max; size > 0; --size) {
      text += static_cast<char>('a' + random() % 26);
      first_copies.emplace(at + static_cast<int64_t>(text.size()) - 1, text.back());
    }
    script.payload_bytes += text.size();
    script.words += fmt::format("{}:{} ", at, text);
  }
  script.words += "!";
  script.expected = Render(first_copies, anchored ? 0 : first_copies.begin()->first);
  return script;
}

void AgreeOnScripts(bool anchored, int scripts, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int n = 0; n < scripts; ++n) {
    const Script script = RandomScript(random, anchored);
    const bool wraps = random() % 2 == 0;
    const uint64_t first_seq = wraps ? 0 - random() % 80 : random();
    StreamPlayer player({.first_seq = static_cast<uint32_t>(first_seq), .anchored = anchored});
    ASSERT_EQ(player.Play(script.words), script.expected) << script.words;
    ASSERT_EQ(player.data_bytes() + player.counts().duplicate_bytes, script.payload_bytes)
        << script.words;
    ASSERT_EQ(player.counts().refused_bytes, 0u) << script.words;
  }
}

TEST(TcpStreamModel, AgreesOnRandomScripts) { AgreeOnScripts(true, 25'000, 1); }
TEST(TcpStreamModel, AgreesOnRandomScriptsWithoutSyn) { AgreeOnScripts(false, 25'000, 2); }

// With limits nobody can say what comes out, but it must be true: each byte as it was sent, at its
// offset, and nothing lost without a word.
TEST(TcpStreamModel, TellsTheTruthUnderLimits) {
  std::mt19937_64 random(3);
  const auto true_byte = [](int64_t at) { return static_cast<char>('a' + at * 7 % 26); };
  for (int n = 0; n < 2'000; ++n) {
    StreamPlayer player({.limits = {256 + random() % 4'096, 3'000'000},
                         .pool_bytes_max = 4'096 * (1 + random() % 4)});
    for (int64_t step = 0; step < 60; ++step) {
      const auto at = step * 20 + static_cast<int64_t>(random() % 400);
      std::string text;
      for (uint64_t size = 1 + random() % 300; size > 0; --size) {
        text += true_byte(at + static_cast<int64_t>(text.size()));
      }
      player.Play(fmt::format("@{} {}:{}", step, at, text));
    }
    const std::string output = player.Play("!");
    int64_t at = 0;
    for (size_t i = 0; i < output.size(); ++i) {
      if (output[i] == '<') {
        at += std::stoll(output.substr(i + 1));
        i = output.find('>', i);
      } else {
        ASSERT_EQ(output[i], true_byte(at++));
      }
    }
    ASSERT_EQ(player.data_bytes() + player.counts().duplicate_bytes + player.counts().refused_bytes,
              player.payload_bytes());
  }
}

}  // namespace
}  // namespace dfc
