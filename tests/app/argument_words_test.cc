#include "argument_words.h"

#include <gtest/gtest.h>

namespace dfc {
namespace {

// What CLI11 is given, in the order of writing; what is hidden begins with "!".
std::string Words(std::vector<const char*> argv) {
  argv.insert(argv.begin(), "dfc");
  std::string text;
  const std::vector<std::string> words = HideWords(static_cast<int>(argv.size()), argv.data());
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (!text.empty()) text += ' ';
    std::string plain = *word;
    Unhide(plain);
    text += plain == *word ? plain : "!" + plain;
  }
  return text;
}

TEST(HideWords, NegatedTermsAreNoOptions) {
  EXPECT_EQ(Words({"flows", "-port:53", "--limit", "3"}), "flows !-port:53 --limit 3");
  EXPECT_EQ(Words({"replay", "-x"}), "replay -x");
  EXPECT_EQ(Words({"--store", "flows", "replay", "[a"}), "--store flows replay ![a");
}

TEST(HideWords, ServeTakesAnAddressAndNothingElse) {
  EXPECT_EQ(Words({"replay", "--serve", "a.pcap"}), "replay --serve=127.0.0.1:8080 a.pcap");
  EXPECT_EQ(Words({"replay", "a.pcap", "--serve"}), "replay a.pcap --serve=127.0.0.1:8080");
  EXPECT_EQ(Words({"replay", "--serve", "127.0.0.1:0", "a.pcap"}),
            "replay --serve 127.0.0.1:0 a.pcap");
  EXPECT_EQ(Words({"replay", "--serve", "[::1]:81", "a.pcap"}), "replay --serve ![::1]:81 a.pcap");
  EXPECT_EQ(Words({"replay", "--serve=8081", "a.pcap"}), "replay --serve=8081 a.pcap");
  EXPECT_EQ(Words({"--config", "--serve", "replay", "a"}), "--config --serve replay a");
}

}  // namespace
}  // namespace dfc
