// Rows as the text of a multi-row INSERT: "(1,X'C000',NULL),(2,...". Values are numbers and hex
// literals only, so that nothing a peer sent can be taken for SQL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dfc/bytes.h"

namespace dfc {

// Two upper-case digits a byte, at the end of `text`.
void AppendHex(ByteSpan bytes, std::string& text);

// Appends the values of one row to a text. Satisfies `Emit` of row_columns.h.
class RowText {
 public:
  // The row goes to the end of `text`, which must outlive this.
  explicit RowText(std::string& text) : text_(text) {}

  void Begin() {
    text_.push_back('(');
    first_ = true;
  }
  void End() { text_.push_back(')'); }

  void Signed(int64_t value);
  void Unsigned(uint64_t value);
  void Bytes(ByteSpan bytes);
  void Kept(ByteSpan bytes) { Bytes(bytes); }
  void Text(std::string_view text) { Bytes(AsBytes(text.data(), text.size())); }
  void Null();

 private:
  void Separate() {
    if (!first_) text_.push_back(',');
    first_ = false;
  }

  std::string& text_;
  bool first_ = true;
};

}  // namespace dfc
