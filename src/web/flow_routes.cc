// Flows, and the content of one.
#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "api.h"
#include "dfc/time.h"
#include "json.h"
#include "parameters.h"
#include "row_json.h"

namespace dfc {

namespace {

constexpr uint64_t kFlowsDefault = 100;
constexpr uint64_t kFlowsMax = 1'000;
constexpr uint64_t kErrorsShown = 20;
constexpr uint64_t kWindowBytesDefault = 64 << 10;
constexpr uint64_t kWindowBytesMax = 256 << 10;

void WriteCounts(std::string_view key, const SideCounts& counts, Json& json) {
  json.Key(key).BeginObject();
  json.Count("packets", counts.packets);
  json.Count("ip_bytes", counts.ip_bytes);
  json.Count("content_bytes", counts.content_bytes);
  json.Count("gap_bytes", counts.gap_bytes);
  json.Count("duplicate_bytes", counts.duplicate_bytes);
  json.Count("conflict_bytes", counts.conflict_bytes);
  json.Count("refused_bytes", counts.refused_bytes);
  json.Count("urgent_bytes", counts.urgent_bytes);
  json.Count("shed_bytes", counts.shed_bytes);
  json.EndObject();
}

std::string CursorText(const TurnCursor& cursor) {
  return fmt::format("{}.{}.{}", cursor.chunk, cursor.turn, cursor.byte);
}

// "CHUNK.TURN.BYTE".
absl::StatusOr<TurnCursor> ParseCursor(std::string_view text) {
  const absl::Status wrong = absl::InvalidArgumentError("after must be CHUNK.TURN.BYTE");
  TurnCursor cursor;
  uint64_t* const parts[] = {&cursor.chunk, &cursor.turn, &cursor.byte};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (size_t part = 0; part < std::size(parts); ++part) {
    if (part > 0 && (at == end || *at++ != '.')) return wrong;
    const auto [stop, error] = std::from_chars(at, end, *parts[part]);
    if (error != std::errc()) return wrong;
    at = stop;
  }
  // Chunks are counted in 32 bits.
  if (at != end || cursor.chunk > std::numeric_limits<uint32_t>::max()) return wrong;
  return cursor;
}

void WriteTurn(const Turn& turn, const TurnCursor& at, const FlowId& id, Json& json) {
  json.BeginObject();
  json.Text("cursor", CursorText(at));
  json.Text("side", SideName(turn.side));
  json.Text("kind", TurnKindName(turn.kind));
  json.Text("time", FormatTime(turn.t_ns));
  json.Key("dt_ns").Signed(turn.t_ns - id.t_start_ns);
  json.Count("offset", turn.offset);
  json.Count("length", turn.length);
  json.Flag("continues", at.byte > 0);
  json.Text("bytes", Base64(turn.bytes));
  json.EndObject();
}

}  // namespace

absl::StatusOr<std::string> FlowsRoute(const ApiCall& call) {
  DFC_ASSIGN_OR_RETURN(FlowQuery query, QueryParameters(call.request, call.now_ns));
  DFC_ASSIGN_OR_RETURN(
      query.sort, WordParameter(call.request, "sort",
                                {"-start", "start", "end", "-end", "bytes", "-bytes", "packets",
                                 "-packets", "duration", "-duration"}));
  DFC_ASSIGN_OR_RETURN(const uint64_t limit,
                       NumberParameter(call.request, "limit", 1, kFlowsMax, kFlowsDefault));
  query.after = call.request.Parameter("after").value_or("");
  query.limit = limit + 1;  // One more tells whether there is a next page.
  Json json;
  json.BeginObject();
  json.Key("flows").BeginArray();
  uint64_t flows = 0;
  std::string next;
  DFC_RETURN_IF_ERROR(call.reader.Flows(query, [&](const StoredFlow& flow) {
    if (++flows > limit) return;
    WriteFlow(flow, call.words, call.now_ns, json);
    if (flows == limit) next = FlowCursor(flow, query.sort).value_or("");
  }));
  json.EndArray();
  json.Optional("next", flows > limit ? next : "");
  json.EndObject();
  return json.Take();
}

absl::StatusOr<std::string> FlowRoute(const ApiCall& call) {
  DFC_ASSIGN_OR_RETURN(const StoredFlow flow, call.reader.Flow(call.id));
  DFC_ASSIGN_OR_RETURN(const uint64_t chunks, call.reader.CountChunks(call.id));
  Json json;
  json.BeginObject();
  json.Key("flow");
  WriteFlow(flow, call.words, call.now_ns, json);
  WriteCounts("client", flow.row.counts[0], json);
  WriteCounts("server", flow.row.counts[1], json);
  json.Count("chunks", chunks);
  json.Key("errors").BeginArray();
  FlowQuery errors;
  errors.filter = fmt::format("about:{}", FormatFlowId(call.id));
  errors.sort = "time";
  errors.limit = kErrorsShown;
  DFC_RETURN_IF_ERROR(call.reader.Icmp(
      errors, [&](const StoredIcmp& message) { WriteIcmp(message, call.words, json); }));
  json.EndArray();
  json.EndObject();
  return json.Take();
}

absl::StatusOr<std::string> TurnsRoute(const ApiCall& call) {
  TurnsQuery query;
  query.id = call.id;
  DFC_ASSIGN_OR_RETURN(query.side, SideParameter(call.request));
  DFC_ASSIGN_OR_RETURN(query.bytes_max, NumberParameter(call.request, "limit", 1, kWindowBytesMax,
                                                        kWindowBytesDefault));
  const std::string_view after = call.request.Parameter("after").value_or("");
  if (!after.empty()) {
    DFC_ASSIGN_OR_RETURN(query.from, ParseCursor(after));
  }
  DFC_RETURN_IF_ERROR(call.reader.Flow(call.id).status());
  Json json;
  json.BeginObject();
  json.Text("flow", FormatFlowId(call.id));
  json.Key("turns").BeginArray();
  DFC_ASSIGN_OR_RETURN(const TurnsEnd end,
                       call.reader.TurnsFrom(query, [&](const Turn& turn, const TurnCursor& at) {
                         call.content_bytes += turn.bytes.size();
                         WriteTurn(turn, at, call.id, json);
                       }));
  json.EndArray();
  json.Text("next", CursorText(end.next));
  json.Flag("end", end.is_end);
  json.EndObject();
  return json.Take();
}

}  // namespace dfc
