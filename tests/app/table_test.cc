#include "table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace dfc {
namespace {

const std::vector<TableColumn> kColumns = {
    {"ID"}, {.header = "CLIENT", .may_shrink = true}, {.header = "SERVER", .may_shrink = true}};

std::vector<size_t> Fit(std::vector<size_t> natural, size_t width_max) {
  return FitWidths(natural, kColumns, width_max);
}

TEST(FitWidths, LeavesWhatFits) {
  EXPECT_EQ(Fit({4, 10, 10}, 26), (std::vector<size_t>{4, 10, 10}));
}
TEST(FitWidths, TakesFromTheWidest) {
  EXPECT_EQ(Fit({4, 30, 12}, 30), (std::vector<size_t>{4, 12, 12}));
}
TEST(FitWidths, NeverCutsAFixedColumn) {
  EXPECT_EQ(Fit({50, 30, 30}, 20), (std::vector<size_t>{50, 8, 8}));
}

TEST(Elide, CutsInTheMiddle) {
  EXPECT_EQ(Elide("[2001:db8::7:8]:443", 11, true), "[2001…]:443");
  EXPECT_EQ(Elide("[2001:db8::7:8]:443", 12, false), "[2001..]:443");
}
TEST(Elide, LeavesWhatFits) { EXPECT_EQ(Elide("10.0.0.1:80", 11, true), "10.0.0.1:80"); }

// What a table writes to a pipe.
std::string Print(const std::vector<std::vector<std::string>>& rows) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  {
    Output out(ends[1]);
    Table table({{"NAME"}, {.header = "BYTES", .right_aligned = true}, {"END"}}, 120, out);
    for (const auto& row : rows) table.Row(row);
    table.Finish();
  }
  ::close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<size_t>(std::max<ssize_t>(::read(ends[0], text.data(), text.size()), 0)));
  ::close(ends[0]);
  return text;
}

TEST(Table, AlignsColumnsWithoutColours) {
  EXPECT_EQ(Print({{"a", "1", "x"}, {"long name", "1,234,567", ""}}),
            "NAME          BYTES END\n"
            "a                 1 x\n"
            "long name 1,234,567\n");
}
TEST(Table, PrintsNothingWhenEmpty) { EXPECT_EQ(Print({}), ""); }

}  // namespace
}  // namespace dfc
