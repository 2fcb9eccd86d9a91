// ICMP messages, and exchanges of requests and replies.
#include "api.h"
#include "json.h"
#include "parameters.h"
#include "row_json.h"

namespace dfc {

namespace {

constexpr uint64_t kRowsDefault = 100;
constexpr uint64_t kRowsMax = 1'000;

// {"KEY": [...], "more": ...} of what `read` finds.
template <typename Row>
absl::StatusOr<std::string> List(
    const ApiCall& call, const char* key, FlowQuery query,
    absl::Status (Reader::*read)(const FlowQuery&, const std::function<void(const Row&)>&),
    void (*write)(const Row&, const WebWords&, Json&)) {
  DFC_ASSIGN_OR_RETURN(const uint64_t limit,
                       NumberParameter(call.request, "limit", 1, kRowsMax, kRowsDefault));
  query.limit = limit + 1;  // One more tells whether there are more.
  Json json;
  json.BeginObject();
  json.Key(key).BeginArray();
  uint64_t rows = 0;
  DFC_RETURN_IF_ERROR((call.reader.*read)(query, [&](const Row& row) {
    if (++rows <= limit) write(row, call.words, json);
  }));
  json.EndArray();
  json.Flag("more", rows > limit);
  json.EndObject();
  return json.Take();
}

}  // namespace

absl::StatusOr<std::string> IcmpMessagesRoute(const ApiCall& call) {
  DFC_ASSIGN_OR_RETURN(FlowQuery query, QueryParameters(call.request, call.now_ns));
  DFC_ASSIGN_OR_RETURN(query.sort, WordParameter(call.request, "sort", {"-time", "time"}));
  return List<StoredIcmp>(call, "messages", query, &Reader::Icmp, WriteIcmp);
}

absl::StatusOr<std::string> PingsRoute(const ApiCall& call) {
  DFC_ASSIGN_OR_RETURN(FlowQuery query, QueryParameters(call.request, call.now_ns));
  query.sort = "-start";
  return List<StoredPing>(call, "pings", query, &Reader::Pings, WritePing);
}

}  // namespace dfc
