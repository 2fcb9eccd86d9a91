// Listings for people: columns in line, as wide as they need to be and no wider than the screen.
// Module: app
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "output.h"

namespace dfc {

struct TableColumn {
  std::string header;
  bool right_aligned = false;
  bool may_shrink = false;  // Cells may be cut in the middle where the line would be too long.
};

// Widths that fit `width_max` with a blank between columns: the widest column that may shrink
// gives way first, down to 8. Wider than asked where that is not enough.
std::vector<size_t> FitWidths(std::span<const size_t> natural, std::span<const TableColumn> columns,
                              size_t width_max);

// `text` cut in the middle to `width` columns: "[2001:db8…7:8]:443", with ".." where there is no
// UTF-8. REQUIRES: text is ASCII, so that a byte is a column; width >= 3.
std::string Elide(std::string_view text, size_t width, bool utf8);

// Widths come from the first rows; later rows are printed as they come and may stand out. Memory is
// bounded by those first rows.
class Table {
 public:
  Table(std::vector<TableColumn> columns, size_t width_max, Output& out);

  // REQUIRES: a cell for each column; ASCII.
  void Row(std::vector<std::string> cells);

  // Prints what is held back. An empty table prints nothing, not even its header.
  void Finish();

  size_t rows() const { return rows_; }

 private:
  static constexpr size_t kMeasuredRows = 500;

  void PrintHeld();
  std::string Line(std::span<const std::string> cells) const;

  std::vector<TableColumn> columns_;
  size_t width_max_;
  Output& out_;
  std::vector<std::vector<std::string>> held_;
  std::vector<size_t> widths_;  // Empty until they are known.
  size_t rows_ = 0;
};

}  // namespace dfc
