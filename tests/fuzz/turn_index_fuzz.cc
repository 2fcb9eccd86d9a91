// Any text as a turn index. What is accepted is a JSON array that dfc would write the same way, and
// each turn lies in the content; reading stops where it says.
//
//   100 [[0,0,0,5,0,0]]     bytes of content, then the index
#include <fmt/format.h>

#include "fuzz_text.h"
#include "turn_index.h"

namespace dfc {
namespace {

void Read(std::string_view text) {
  Words words(text);
  const auto content_bytes = words.Count<size_t>(int64_t{1} << 32);
  text = words.rest().substr(words.rest().starts_with(' ') ? 1 : 0);
  TurnIndex index(text, content_bytes);
  IndexedTurn turn{};
  std::string written;
  TurnIndex::Result result{};
  while ((result = index.Next(turn)) == TurnIndex::Result::kTurn) {
    Expect(static_cast<uint8_t>(turn.side) < 2 && turn.kind <= TurnKind::kUrgent);
    if (turn.kind != TurnKind::kGap) {
      Expect(turn.position <= content_bytes && content_bytes - turn.position >= turn.length);
    }
    written += fmt::format("{}[{},{},{},{},{},{}]", written.empty() ? "[" : ",",
                           static_cast<int>(turn.side), turn.dt_ns, turn.offset, turn.length,
                           static_cast<int>(turn.kind), turn.position);
    Expect(text.starts_with(written));
  }
  Expect(index.at() <= text.size());
  if (result == TurnIndex::Result::kEnd) Expect(text == (written.empty() ? "[" : written) + "]");
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dfc::Read({dfc::AsChars(data), size});
  return 0;
}
