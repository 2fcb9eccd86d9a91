#include "record_writer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace dfc {
namespace {

const std::vector<Field> kFields = {
    {"name", Field::Kind::kText}, {"n", Field::Kind::kNumber}, {"about", Field::Kind::kOptional}};

// What a writer of `format` makes of the records.
std::string Print(Format format, const std::vector<std::vector<std::string>>& records) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  {
    Output out(ends[1]);
    RecordWriter writer(format, kFields, out);
    for (const auto& record : records) writer.Write(record);
    writer.Finish();
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<size_t>(std::max<ssize_t>(::read(ends[0], text.data(), text.size()), 0)));
  ::close(ends[0]);
  return text;
}

TEST(Json, IsAnArrayOfObjects) {
  EXPECT_EQ(Print(Format::kJson, {{"a", "1", "x"}, {"", "", ""}}),
            "[\n"
            "{\"name\":\"a\",\"n\":1,\"about\":\"x\"},\n"
            "{\"name\":\"\",\"n\":null,\"about\":null}\n"
            "]\n");
}
TEST(Json, OfNothingIsAnEmptyArray) { EXPECT_EQ(Print(Format::kJson, {}), "[]\n"); }
TEST(Json, StaysValidWhateverTheText) {
  EXPECT_EQ(Print(Format::kJson, {{"\"\\\x01\xFF", "1", ""}}),
            "[\n{\"name\":\"\\\"\\\\\\u0001\uFFFD\",\"n\":1,\"about\":null}\n]\n");
}

TEST(Tsv, HasNamesFirst) {
  EXPECT_EQ(Print(Format::kTsv, {{"a", "1", ""}}), "name\tn\tabout\na\t1\t\n");
}
TEST(Tsv, OfNothingHasNamesOnly) { EXPECT_EQ(Print(Format::kTsv, {}), "name\tn\tabout\n"); }
TEST(Tsv, KeepsARecordOnItsLine) {
  EXPECT_EQ(Print(Format::kTsv, {{"a\tb\nc", "1", ""}}), "name\tn\tabout\na\\tb\\nc\t1\t\n");
}

}  // namespace
}  // namespace dfc
