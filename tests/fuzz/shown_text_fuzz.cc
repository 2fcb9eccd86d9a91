// Any bytes off the wire as they are shown: nothing of them acts on a terminal or breaks a format.
#include <algorithm>
#include <array>

#include "fuzz_text.h"
#include "text.h"
#include "turn_printer.h"

namespace dfc {
namespace {

constexpr size_t kHexLineBytes = 16;

bool IsUtf8(std::string_view text) {
  ByteSpan bytes = AsBytes(text.data(), text.size());
  while (!bytes.empty()) {
    const size_t sequence_bytes = Utf8SequenceBytes(bytes);
    if (sequence_bytes == 0) return false;
    bytes = bytes.subspan(sequence_bytes);
  }
  return true;
}

// UTF-8 whose only controls are those that `allowed` has.
void ExpectHarmless(std::string_view text, std::string_view allowed) {
  Expect(IsUtf8(text));
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<uint8_t>(text[at]);
    Expect(byte >= 0x20 ? byte != 0x7F : allowed.find(text[at]) != std::string_view::npos);
    const std::string_view rest = text.substr(at);
    Expect(!(byte == 0xC2 && static_cast<uint8_t>(rest[1]) < 0xA0));  // C1 controls.
    for (const char* const acts : {"\u200E", "\u200F", "\u2028", "\u202E", "\u2066", "\u2069"}) {
      Expect(!rest.starts_with(acts));
    }
  }
}

void TryText(ByteSpan bytes) {
  const std::string_view text(AsChars(bytes.data()), bytes.size());
  std::string shown;
  AppendEscaped(bytes, true, shown);
  ExpectHarmless(shown, "\n\t");
  std::string ascii;
  AppendEscaped(bytes, false, ascii);
  ExpectHarmless(ascii, "\n\t");
  Expect(
      std::ranges::all_of(ascii, [](char letter) { return static_cast<uint8_t>(letter) < 0x80; }));
  ExpectHarmless(EscapeLine(text), "");
  Expect(IsUtf8(ReplaceInvalidUtf8(text)));
  if (IsUtf8(text)) Expect(ReplaceInvalidUtf8(text) == text);

  std::string dump;
  AppendHexDump(bytes, 0, dump);
  ExpectHarmless(dump, "\n");
  const auto lines = static_cast<size_t>(std::ranges::count(dump, '\n'));
  Expect(lines == (bytes.size() + kHexLineBytes - 1) / kHexLineBytes);

  const size_t cut = bytes.empty() ? 0 : Utf8CutBytes(bytes);
  Expect(cut <= std::min<size_t>(bytes.size(), 3));
}

// Turns of two sides, as many bytes each as the byte in front says; the first 8 are their time,
// too.
void TryTurns(ByteSpan bytes) {
  const int64_t t_ns = bytes.size() < 8 ? 0 : static_cast<int64_t>(LoadBig64(bytes, 0));
  for (const auto view : {ShowOptions::View::kText, ShowOptions::View::kHex}) {
    TurnPrinter printer(view, Terminal{.utf8 = true}, 0);
    std::string shown;
    std::array<uint64_t, 2> offsets{};
    ByteSpan left = bytes;
    while (!left.empty()) {
      const size_t turn_bytes = std::min<size_t>(left[0] % 16, left.size() - 1);
      const size_t side = left[0] >> 7;
      const Turn turn{static_cast<Side>(side), TurnKind::kData, t_ns,
                      offsets[side],           turn_bytes,      left.subspan(1, turn_bytes)};
      shown += printer.Print(turn);
      offsets[side] += turn_bytes;
      left = left.subspan(1 + turn_bytes);
    }
    shown += printer.Finish();
    ExpectHarmless(shown, "\n\t");
    Expect(shown.empty() || shown.back() == '\n');
  }
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dfc::TryText({data, size});
  dfc::TryTurns({data, size});
  return 0;
}
