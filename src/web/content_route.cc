// One side's restored bytes as a download, streamed chunk by chunk.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "api.h"
#include "parameters.h"
#include "row_json.h"

namespace dfc {

namespace {

// Holds one chunk's bytes at a time, and a connection to the store only while it reads one.
class ContentSource final : public BodySource {
 public:
  ContentSource(ReaderPool& pool, const FlowId& id, Side side, const ContentPlace& from,
                uint64_t bytes)
      : pool_(pool), id_(id), side_(side), chunk_(from.chunk), skip_(from.skip), left_(bytes) {}

  int64_t Read(char* to, size_t bytes) override {
    if (left_ == 0) return kEnd;
    while (at_ == held_.size()) {
      if (!NextChunk()) return kFailed;
    }
    const uint64_t taken = std::min<uint64_t>({bytes, held_.size() - at_, left_});
    std::memcpy(to, held_.data() + at_, taken);
    at_ += taken;
    left_ -= taken;
    return static_cast<int64_t>(taken);
  }

 private:
  // False when there is less than was promised: the store is away, or its rows have gone.
  bool NextChunk() {
    auto reader = pool_.Take();
    if (!reader.ok()) return false;
    const auto found = (*reader)->ChunkContent(id_, side_, chunk_, held_);
    reader->Note(found.status());
    if (!found.ok() || !*found || skip_ > held_.size()) return false;
    at_ = std::exchange(skip_, 0);
    ++chunk_;
    return true;
  }

  ReaderPool& pool_;
  FlowId id_;
  Side side_;
  uint64_t chunk_;  // The next one.
  uint64_t skip_;   // Of its bytes.
  uint64_t left_;
  std::string held_;
  size_t at_ = 0;
};

struct ByteRange {
  uint64_t first;
  uint64_t last;
};

// RFC 9110 section 14.1.2, one range. Nothing: the header is not understood, which means all of it.
// A range that is empty begins behind its end.
std::optional<ByteRange> ParseRange(std::string_view header, uint64_t total) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto number = [](std::string_view text) -> std::optional<uint64_t> {
    uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
  };
  const std::string_view first_text = header.substr(0, dash);
  const std::string_view last_text = header.substr(dash + 1);
  constexpr ByteRange kEmpty{1, 0};
  if (first_text.empty()) {
    const auto suffix = number(last_text);
    if (!suffix) return std::nullopt;
    if (*suffix == 0 || total == 0) return kEmpty;
    return ByteRange{total - std::min(*suffix, total), total - 1};
  }
  const auto first = number(first_text);
  const auto last = last_text.empty() ? std::optional(UINT64_MAX) : number(last_text);
  if (!first || !last || *last < *first) return std::nullopt;
  if (*first >= total) return kEmpty;
  return ByteRange{*first, std::min(*last, total - 1)};
}

Headers DownloadHeaders(const std::string& name) {
  return {{"Content-Type", "application/octet-stream"},
          {"Content-Disposition", fmt::format("attachment; filename=\"{}\"", name)},
          {"Content-Security-Policy", "sandbox; default-src 'none'"},
          {"Accept-Ranges", "bytes"},
          {"Cache-Control", "no-store"}};
}

absl::StatusOr<Response> Content(const Request& request, const FlowId& id, ReaderPool& pool,
                                 Reader& reader) {
  DFC_ASSIGN_OR_RETURN(const std::optional<Side> side, SideParameter(request));
  if (!side) return absl::InvalidArgumentError("side must be client or server");
  DFC_RETURN_IF_ERROR(reader.Flow(id).status());
  DFC_ASSIGN_OR_RETURN(ContentPlace place, reader.FindContent(id, *side, 0));
  const std::optional<ByteRange> range = ParseRange(request.range, place.total);
  Response response;
  response.headers =
      DownloadHeaders(fmt::format("flow-{}-{}.bin", FormatFlowId(id), SideName(*side)));
  response.source_bytes = place.total;
  if (range && range->first > range->last) {
    return absl::OutOfRangeError(fmt::format("the content has {} bytes", place.total));
  }
  if (range) {
    response.status = 206;
    response.headers.emplace_back(
        "Content-Range", fmt::format("bytes {}-{}/{}", range->first, range->last, place.total));
    response.source_bytes = range->last - range->first + 1;
    DFC_ASSIGN_OR_RETURN(place, reader.FindContent(id, *side, range->first));
  }
  response.content_bytes = response.source_bytes;
  response.source = std::make_unique<ContentSource>(pool, id, *side, place, response.source_bytes);
  return response;
}

}  // namespace

Response ContentRoute(const Request& request, const FlowId& id, ReaderPool& pool) {
  auto reader = pool.Take();
  if (!reader.ok()) return ErrorResponse(absl::UnavailableError(MessageOf(reader.status())));
  absl::StatusOr<Response> response = Content(request, id, pool, **reader);
  reader->Note(response.status());
  return response.ok() ? *std::move(response) : ErrorResponse(response.status());
}

}  // namespace dfc
