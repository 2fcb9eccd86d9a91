// A query while it is typed.
#include <algorithm>
#include <map>

#include "api.h"
#include "json.h"
#include "parameters.h"

namespace dfc {

namespace {

// Values are those of so many of the newest flows: enough to be of use, and quick.
constexpr uint64_t kFlowsLookedAt = 20'000;
constexpr size_t kItemsMax = 20;

using Counts = std::map<std::string, uint64_t>;

// The values of `field` in one flow; nothing for fields whose values are not names.
std::vector<std::string> ValuesOf(const std::string& field, const TalliedFlow& flow) {
  if (field == "client") return {FormatAddress(flow.client)};
  if (field == "server") return {FormatAddress(flow.server)};
  if (field == "host") return {FormatAddress(flow.client), FormatAddress(flow.server)};
  if (field == "sport" || field == "port") {
    if (!HasPorts(flow.protocol)) return {};
    return {std::to_string(flow.server_port)};
  }
  if (field == "proto") return {ProtocolName(flow.protocol)};
  if (field == "state") return {FlowStateName(flow.state)};
  if (field == "sensor") return {flow.sensor};
  return {};
}

absl::StatusOr<Counts> CountValues(Reader& reader, const Completion& completion) {
  Counts counts;
  FlowQuery newest;
  newest.limit = kFlowsLookedAt;
  DFC_RETURN_IF_ERROR(reader.Tallies(newest, [&](const TalliedFlow& flow) {
    for (const std::string& value : ValuesOf(completion.field, flow)) {
      if (value.starts_with(completion.prefix)) ++counts[value];
    }
  }));
  return counts;
}

void WriteItem(std::string_view text, const char* kind, std::string_view hint,
               std::optional<uint64_t> flows, Json& json) {
  json.BeginObject();
  json.Text("text", text);
  json.Text("kind", kind);
  json.Text("hint", hint);
  json.Key("flows");
  flows ? json.Unsigned(*flows) : json.Null();
  json.EndObject();
}

// Those that occur, most frequent first, then the words that do not.
void WriteValues(const Completion& completion, const Counts& counts, Json& json) {
  std::vector<std::pair<std::string, uint64_t>> values(counts.begin(), counts.end());
  std::ranges::stable_sort(values,
                           [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const Suggestion& word : completion.suggestions) {
    if (!counts.contains(word.text)) values.emplace_back(word.text, 0);
  }
  if (values.size() > kItemsMax) values.resize(kItemsMax);
  for (const auto& [value, flows] : values) {
    const bool is_counted = flows > 0;
    WriteItem(QuoteValue(value), "value", "",
              is_counted ? std::optional<uint64_t>(flows) : std::nullopt, json);
  }
}

}  // namespace

absl::StatusOr<std::string> CompleteRoute(const ApiCall& call) {
  const std::string_view query = call.request.Parameter("q").value_or("");
  DFC_ASSIGN_OR_RETURN(const uint64_t at,
                       NumberParameter(call.request, "at", 0, kQueryBytesMax, query.size()));
  const Completion completion =
      CompleteQuery(query, std::min<size_t>(at, query.size()), QueryScope::kFlows);
  Json json;
  json.BeginObject();
  json.Count("from", completion.from);
  json.Count("to", completion.to);
  json.Key("items").BeginArray();
  if (completion.field.empty()) {
    for (const Suggestion& field : completion.suggestions) {
      WriteItem(field.text, "field", field.hint, std::nullopt, json);
    }
  } else {
    DFC_ASSIGN_OR_RETURN(const Counts counts, CountValues(call.reader, completion));
    WriteValues(completion, counts, json);
  }
  json.EndArray();
  json.EndObject();
  return json.Take();
}

absl::StatusOr<std::string> ParseRoute(const Request& request) {
  DFC_ASSIGN_OR_RETURN(const std::string_view of, WordParameter(request, "of", {"flows", "icmp"}));
  const absl::Status checked = CheckQuery(request.Parameter("q").value_or(""),
                                          of == "icmp" ? QueryScope::kIcmp : QueryScope::kFlows);
  Json json;
  json.BeginObject();
  json.Flag("ok", checked.ok());
  if (!checked.ok()) {
    const QueryMistake mistake = MistakeOf(checked);
    json.Text("error", mistake.message);
    json.Count("column", std::max<size_t>(1, mistake.column));
  }
  json.EndObject();
  return json.Take();
}

}  // namespace dfc
