// A whole flow as text or JSON, made while it is sent.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "api.h"
#include "dfc/time.h"
#include "json.h"
#include "parameters.h"
#include "rebuilt_capture.h"
#include "row_json.h"

namespace dfc {

namespace {

constexpr uint64_t kWindowBytes = 64 << 10;

// Turns to text, JSON or packets.
class Format {
 public:
  virtual ~Format() = default;
  virtual std::string Begin(const StoredFlow& flow) = 0;
  virtual std::string Write(const Turn& turn, const TurnCursor& at) = 0;
  virtual std::string End() = 0;
};

class TextFormat final : public Format {
 public:
  std::string Begin(const StoredFlow& flow) override {
    const FlowRow& row = flow.row;
    start_ns_ = row.id.t_start_ns;
    return fmt::format("{} {} port {} > {} port {}\nflow {}, {} to {}, {}\n",
                       ProtocolName(row.protocol), FormatAddress(row.client), row.client_port,
                       FormatAddress(row.server), row.server_port, FormatFlowId(row.id),
                       FormatTime(row.id.t_start_ns), FormatTime(row.t_last_ns),
                       FlowStateName(row.state));
  }

  // Bytes that are no text are dots, so that nothing in them can act on a terminal.
  std::string Write(const Turn& turn, const TurnCursor& at) override {
    std::string text;
    if (at.byte == 0) {
      text = fmt::format("\n{} {} {:+.6f} s, {} at {}, {} bytes\n",
                         turn.side == Side::kClient ? ">" : "<", SideName(turn.side),
                         static_cast<double>(turn.t_ns - start_ns_) / kNsPerSecond,
                         TurnKindName(turn.kind), turn.offset, turn.length);
    }
    for (const uint8_t byte : turn.bytes) {
      const bool is_text = (byte >= ' ' && byte < 127) || byte == '\n' || byte == '\t';
      if (byte != '\r') text.push_back(is_text ? static_cast<char>(byte) : '.');
    }
    return text;
  }
  std::string End() override { return "\n"; }

 private:
  int64_t start_ns_ = 0;
};

class JsonFormat final : public Format {
 public:
  JsonFormat(const WebWords& words, int64_t now_ns) : words_(words), now_ns_(now_ns) {}

  std::string Begin(const StoredFlow& flow) override {
    start_ns_ = flow.row.id.t_start_ns;
    Json json;
    WriteFlow(flow, words_, now_ns_, json);
    return fmt::format("{{\"flow\":{},\n\"turns\":[", json.Take());
  }
  std::string Write(const Turn& turn, const TurnCursor& at) override {
    Json json;
    json.BeginObject();
    json.Text("side", SideName(turn.side));
    json.Text("kind", TurnKindName(turn.kind));
    json.Text("time", FormatTime(turn.t_ns));
    json.Key("dt_ns").Signed(turn.t_ns - start_ns_);
    json.Count("offset", turn.offset);
    json.Count("length", turn.length);
    json.Flag("continues", at.byte > 0);
    json.Text("bytes", Base64(turn.bytes));
    json.EndObject();
    return fmt::format("{}\n{}", std::exchange(is_first_, false) ? "" : ",", json.Take());
  }
  std::string End() override { return "\n]}\n"; }

 private:
  const WebWords& words_;
  int64_t now_ns_;
  int64_t start_ns_ = 0;
  bool is_first_ = true;
};

class CaptureFormat final : public Format {
 public:
  std::string Begin(const StoredFlow& flow) override {
    capture_.emplace(flow.row);
    return capture_->Begin();
  }
  std::string Write(const Turn& turn, const TurnCursor&) override { return capture_->Write(turn); }
  std::string End() override { return ""; }

 private:
  std::optional<RebuiltCapture> capture_;
};

// Reads a window of turns at a time.
class ExportSource final : public BodySource {
 public:
  ExportSource(ReaderPool& pool, const FlowId& id, std::unique_ptr<Format> format,
               std::string begin)
      : pool_(pool), format_(std::move(format)), text_(std::move(begin)) {
    query_.id = id;
    query_.bytes_max = kWindowBytes;
  }

  int64_t Read(char* to, size_t bytes) override {
    while (at_ == text_.size()) {
      if (is_end_) return kEnd;
      if (!NextWindow()) return kFailed;
    }
    const size_t taken = std::min(bytes, text_.size() - at_);
    std::memcpy(to, text_.data() + at_, taken);
    at_ += taken;
    return static_cast<int64_t>(taken);
  }

 private:
  bool NextWindow() {
    auto reader = pool_.Take();
    if (!reader.ok()) return false;
    text_.clear();
    at_ = 0;
    const auto end = (*reader)->TurnsFrom(
        query_, [&](const Turn& turn, const TurnCursor& at) { text_ += format_->Write(turn, at); });
    reader->Note(end.status());
    if (!end.ok()) return false;
    query_.from = end->next;
    is_end_ = end->is_end;
    if (is_end_) text_ += format_->End();
    return true;
  }

  ReaderPool& pool_;
  TurnsQuery query_;
  std::unique_ptr<Format> format_;
  std::string text_;
  size_t at_ = 0;
  bool is_end_ = false;
};

absl::StatusOr<Response> Export(const Request& request, const FlowId& id, ReaderPool& pool,
                                Reader& reader, const WebWords& words) {
  DFC_ASSIGN_OR_RETURN(const std::string_view name,
                       WordParameter(request, "format", {"", "text", "json", "pcapng"}));
  if (name.empty()) return absl::InvalidArgumentError("format must be text, json or pcapng");
  DFC_ASSIGN_OR_RETURN(const StoredFlow flow, reader.Flow(id));
  std::unique_ptr<Format> format = std::make_unique<TextFormat>();
  const char* type = "text/plain; charset=utf-8";
  std::string file = fmt::format("flow-{}.txt", FormatFlowId(id));
  if (name == "json") {
    format = std::make_unique<JsonFormat>(words, WallClockNs());
    type = "application/json";
    file = fmt::format("flow-{}.json", FormatFlowId(id));
  } else if (name == "pcapng") {
    format = std::make_unique<CaptureFormat>();
    type = "application/octet-stream";
    file = fmt::format("flow-{}-rebuilt.pcapng", FormatFlowId(id));
  }
  Response response;
  response.headers = {{"Content-Type", type},
                      {"Content-Disposition", fmt::format("attachment; filename=\"{}\"", file)},
                      {"Content-Security-Policy", "sandbox; default-src 'none'"},
                      {"Cache-Control", "no-store"}};
  response.content_bytes = flow.row.counts[0].content_bytes + flow.row.counts[1].content_bytes;
  std::string begin = format->Begin(flow);
  response.source = std::make_unique<ExportSource>(pool, id, std::move(format), std::move(begin));
  return response;
}

}  // namespace

Response ExportRoute(const Request& request, const FlowId& id, ReaderPool& pool,
                     const WebWords& words) {
  auto reader = pool.Take();
  if (!reader.ok()) return ErrorResponse(absl::UnavailableError(MessageOf(reader.status())));
  absl::StatusOr<Response> response = Export(request, id, pool, **reader, words);
  reader->Note(response.status());
  return response.ok() ? *std::move(response) : ErrorResponse(response.status());
}

}  // namespace dfc
