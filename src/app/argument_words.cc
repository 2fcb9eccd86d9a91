#include "argument_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "dfc/web.h"

namespace dfc {
namespace {

constexpr char kHidden = '\x01';

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool IsListen(const char* word) {
  WebOptions options;
  return ParseListen(word, options).ok();
}

}  // namespace

void Unhide(std::string& word) {
  if (!word.empty() && word.front() == kHidden) word.erase(0, 1);
}

void UnhideAll(std::string& message) { std::erase(message, kHidden); }

std::vector<std::string> HideWords(int argc, const char* const* argv) {
  std::vector<std::string> words;
  bool takes_query = false;
  bool is_command = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool is_value =
        i > 1 && IsOneOf(argv[i - 1], {"--store", "--sensor", "--password-file", "--config"});
    if (!is_command && !is_value && !word.starts_with('-')) {
      is_command = true;
      takes_query = IsOneOf(word, {"flows", "icmp"});
    }
    if (word == "--serve" && !is_value && (i + 1 == argc || !IsListen(argv[i + 1]))) {
      const WebOptions usual = {};
      words.push_back(fmt::format("--serve={}:{}", usual.address, usual.port));
      continue;
    }
    const bool negated =
        takes_query && word.size() > 1 && word[0] == '-' && word[1] != '-' && word != "-h";
    const bool hide = negated || (!is_value && word.starts_with('['));
    words.push_back(hide ? std::string(1, kHidden).append(word) : std::string(word));
  }
  std::ranges::reverse(words);
  return words;
}

}  // namespace dfc
