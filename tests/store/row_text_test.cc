#include "row_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace dfc {
namespace {

TEST(AppendHex, WritesEveryByteValue) {
  std::vector<uint8_t> bytes;
  std::string expected = "before ";
  for (int value = 0; value < 256; ++value) {
    bytes.push_back(static_cast<uint8_t>(value));
    expected += fmt::format("{:02X}", value);
  }
  std::string text = "before ";
  AppendHex(bytes, text);
  EXPECT_EQ(text, expected);
}

TEST(RowText, WritesNumbersHexAndNull) {
  std::string text = "VALUES ";
  RowText row(text);
  row.Begin();
  row.Signed(std::numeric_limits<int64_t>::min());
  row.Unsigned(std::numeric_limits<uint64_t>::max());
  row.Text("');--");
  row.Bytes({});
  row.Null();
  row.End();
  EXPECT_EQ(text, "VALUES (-9223372036854775808,18446744073709551615,X'27293B2D2D',X'',NULL)");
}

}  // namespace
}  // namespace dfc
