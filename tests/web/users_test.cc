#include <gtest/gtest.h>

#include "dfc/web.h"

namespace dfc {
namespace {

// "anna a TOKEN, vera v TOKEN" of what is read, or what is wrong.
std::string Read(std::string_view text) {
  const auto users = ParseUsers(text);
  if (!users.ok()) return MessageOf(users.status());
  std::string said;
  for (const WebUser& user : *users) {
    if (!said.empty()) said += ", ";
    said += user.name + (user.role == Role::kAnalyst ? " a " : " v ") + user.token;
  }
  return said;
}

TEST(ParseUsers, ABareTokenIsAnAnalysts) {
  EXPECT_EQ(Read("0123456789abcdef\n"), "analyst a 0123456789abcdef");
  EXPECT_EQ(Read("0123456789abcdef"), "analyst a 0123456789abcdef");
}

TEST(ParseUsers, NamesHaveRoles) {
  EXPECT_EQ(Read("# who may look\n\nanna analyst 0123456789abcdef\r\n"
                 "  vera\tviewer  fedcba9876543210  \n"),
            "anna a 0123456789abcdef, vera v fedcba9876543210");
}

TEST(ParseUsers, WhatIsWrongHasItsLineAndNoSecrets) {
  for (const char* bad : {"\nanna admin 0123456789abcdef", "\nanna analyst", "\na b c d e",
                          "\nanna viewer short", "\nshort", "\n\xC3\xA4 viewer 0123456789abcdef",
                          "t viewer 0123456789abcdef\nt viewer 1123456789abcdef",
                          "s viewer 0123456789abcdef\nt viewer 0123456789abcdef"}) {
    const std::string said = Read(bad);
    EXPECT_EQ(said.find("line 2: "), 0u) << bad << said;
    EXPECT_EQ(said.find("0123456789"), std::string::npos) << said;
  }
  EXPECT_EQ(Read("# nobody\n"), "there is no token in it");
}

TEST(ParseUsers, ThereIsAnEndToThem) {
  std::string text;
  for (int n = 0; n < 257; ++n) {
    text += "user" + std::to_string(n) + " viewer 0123456789abcdef" + std::to_string(n) + "\n";
  }
  EXPECT_EQ(Read(text), "there are at most 256 tokens");
}

}  // namespace
}  // namespace dfc
