// Who may ask, from the text of a token file.
#include <fmt/format.h>

#include <algorithm>

#include "dfc/web.h"

namespace dfc {

namespace {

// Guessing a shorter one is work for an afternoon.
constexpr size_t kTokenBytesMin = 16;
constexpr size_t kNameBytesMax = 64;
// Each request is compared with all of them.
constexpr size_t kUsersMax = 256;
constexpr const char* kUnnamed = "analyst";

// At most four words: more are as wrong as four.
std::vector<std::string> WordsOf(std::string_view line) {
  constexpr size_t kWordsMax = 4;
  constexpr std::string_view kSpaces = " \t\r";
  std::vector<std::string> words;
  while (words.size() < kWordsMax) {
    const size_t begin = line.find_first_not_of(kSpaces);
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(kSpaces), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

absl::StatusOr<WebUser> ParseUser(std::vector<std::string> words) {
  WebUser user;
  if (words.size() == 1) {
    user = {kUnnamed, Role::kAnalyst, std::move(words[0])};
  } else if (words.size() == 3 && (words[1] == "viewer" || words[1] == "analyst")) {
    user = {std::move(words[0]), words[1] == "viewer" ? Role::kViewer : Role::kAnalyst,
            std::move(words[2])};
  } else {
    return absl::InvalidArgumentError("neither TOKEN nor NAME viewer TOKEN nor NAME analyst TOKEN");
  }
  const bool is_plain =
      std::ranges::all_of(user.name, [](char letter) { return letter > ' ' && letter < 0x7F; });
  if (!is_plain || user.name.size() > kNameBytesMax) {
    return absl::InvalidArgumentError(
        fmt::format("a name has 1 to {} characters of ASCII", kNameBytesMax));
  }
  if (user.token.size() < kTokenBytesMin) {
    return absl::InvalidArgumentError(fmt::format(
        "a token has {} characters or more; make one with: openssl rand -hex 16", kTokenBytesMin));
  }
  return user;
}

}  // namespace

absl::StatusOr<std::vector<WebUser>> ParseUsers(std::string_view text) {
  std::vector<WebUser> users;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::vector<std::string> words = WordsOf(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty() || words[0].starts_with('#')) continue;
    absl::StatusOr<WebUser> user = ParseUser(std::move(words));
    if (!user.ok()) return Annotate(user.status(), fmt::format("line {}", number));
    const auto is_same = [&](const WebUser& other) {
      return other.name == user->name || other.token == user->token;
    };
    if (std::ranges::any_of(users, is_same)) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: the name or the token is there already", number));
    }
    if (users.size() == kUsersMax) {
      return absl::InvalidArgumentError(fmt::format("there are at most {} tokens", kUsersMax));
    }
    users.push_back(*std::move(user));
  }
  if (users.empty()) return absl::InvalidArgumentError("there is no token in it");
  return users;
}

}  // namespace dfc
