#include "json.h"

#include <gtest/gtest.h>

namespace dfc {
namespace {

std::string Encode(std::string_view text) { return Base64(AsBytes(text.data(), text.size())); }

// RFC 4648 section 10.
TEST(Base64, HasTheVectorsOfTheStandard) {
  EXPECT_EQ(Encode(""), "");
  EXPECT_EQ(Encode("f"), "Zg==");
  EXPECT_EQ(Encode("fo"), "Zm8=");
  EXPECT_EQ(Encode("foo"), "Zm9v");
  EXPECT_EQ(Encode("foob"), "Zm9vYg==");
  EXPECT_EQ(Encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Encode("\xFF\xFE\xFD"), "//79");
}

std::string Quoted(std::string_view text) {
  Json json;
  json.String(text);
  return json.Take();
}

TEST(Json, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(Quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(Quoted("\xE2\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Quoted("\xED\xA0\x80").size(), 11u);
}

TEST(Json, ControlsAndQuotesAreEscaped) {
  EXPECT_EQ(Quoted("\"\\\n\x01"), "\"\\\"\\\\\\n\\u0001\"");
  EXPECT_EQ(Quoted(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(Json, EmptyIsNullWhereItIsNothing) {
  Json json;
  json.BeginObject();
  json.Optional("a", "");
  json.Optional("b", "x");
  json.EndObject();
  EXPECT_EQ(json.Take(), R"({"a":null,"b":"x"})");
}

}  // namespace
}  // namespace dfc
