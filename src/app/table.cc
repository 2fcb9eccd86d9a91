#include "table.h"

#include <algorithm>
#include <utility>

#include "dfc/check.h"

namespace dfc {
namespace {

constexpr size_t kShrunkWidthMin = 8;

}  // namespace

std::vector<size_t> FitWidths(std::span<const size_t> natural, std::span<const TableColumn> columns,
                              size_t width_max) {
  std::vector<size_t> widths(natural.begin(), natural.end());
  size_t total = widths.empty() ? 0 : widths.size() - 1;
  for (const size_t width : widths) total += width;

  // Each turn takes one column of the screen away, so this ends after at most `total` turns.
  while (total > width_max) {
    size_t widest = widths.size();
    for (size_t i = 0; i < widths.size(); ++i) {
      const bool can_give = columns[i].may_shrink && widths[i] > kShrunkWidthMin;
      if (can_give && (widest == widths.size() || widths[i] > widths[widest])) widest = i;
    }
    if (widest == widths.size()) break;
    --widths[widest];
    --total;
  }
  return widths;
}

std::string Elide(std::string_view text, size_t width, bool utf8) {
  if (text.size() <= width) return std::string(text);
  const std::string_view mark = utf8 ? "…" : "..";
  const size_t kept = width - (utf8 ? 1 : 2);
  const size_t tail = kept / 2;
  std::string out(text.substr(0, kept - tail));
  out.append(mark);
  out.append(text.substr(text.size() - tail));
  return out;
}

Table::Table(std::vector<TableColumn> columns, size_t width_max, Output& out)
    : columns_(std::move(columns)), width_max_(width_max), out_(out) {}

void Table::Row(std::vector<std::string> cells) {
  DFC_CHECK(cells.size() == columns_.size());
  ++rows_;
  if (!widths_.empty()) {
    out_.Write(Line(cells));
    return;
  }
  held_.push_back(std::move(cells));
  if (held_.size() == kMeasuredRows) PrintHeld();
}

void Table::Finish() {
  if (widths_.empty() && !held_.empty()) PrintHeld();
}

void Table::PrintHeld() {
  std::vector<std::string> header;
  std::vector<size_t> natural;
  for (const TableColumn& column : columns_) {
    header.push_back(column.header);
    natural.push_back(column.header.size());
  }
  for (const std::vector<std::string>& cells : held_) {
    for (size_t i = 0; i < cells.size(); ++i) natural[i] = std::max(natural[i], cells[i].size());
  }
  widths_ = FitWidths(natural, columns_, width_max_);

  std::string first = Line(header);
  first.pop_back();
  out_.Write(Bold(out_.terminal(), first));
  out_.Put('\n');
  for (const std::vector<std::string>& cells : held_) out_.Write(Line(cells));
  held_ = {};
}

std::string Table::Line(std::span<const std::string> cells) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const TableColumn& column = columns_[i];
    const size_t padding = widths_[i] - std::min(cells[i].size(), widths_[i]);
    if (i > 0) line.push_back(' ');
    if (column.right_aligned) line.append(padding, ' ');
    line.append(column.may_shrink ? Elide(cells[i], widths_[i], out_.terminal().utf8) : cells[i]);
    if (!column.right_aligned) line.append(padding, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  line.push_back('\n');
  return line;
}

}  // namespace dfc
