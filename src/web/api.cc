#include "api.h"

#include <fmt/format.h>

#include "assets.h"
#include "dfc/time.h"
#include "guard.h"
#include "json.h"
#include "parameters.h"

namespace dfc {

namespace {

constexpr std::string_view kRoot = "/api/v1/";
constexpr size_t kFlowIdDigits = 32;

struct Route {
  std::string_view path;
  absl::StatusOr<std::string> (*answer)(const ApiCall&);
};

constexpr Route kRoutes[] = {
    {"flows", FlowsRoute},         {"flows/histogram", HistogramRoute},
    {"flows/facets", FacetsRoute}, {"icmp/messages", IcmpMessagesRoute},
    {"icmp/pings", PingsRoute},    {"talkers", TalkersRoute},
    {"sensors", SensorsRoute},     {"complete", CompleteRoute},
};

unsigned HttpStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kOutOfRange:
      return 416;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

Response ErrorResponse(const absl::Status& status) {
  const QueryMistake mistake = MistakeOf(status);
  return ErrorResponse(HttpStatus(status.code()), mistake.message, mistake.column);
}

Response JsonResponse(std::string json) {
  Response response;
  response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  response.body = std::move(json);
  return response;
}

Api::Api(const WebOptions& options, ReaderPool& pool, EventHub& events)
    : options_(options), pool_(pool), events_(events) {}

Response Api::About() const {
  Json json;
  json.BeginObject();
  json.Text("version", options_.version);
  json.Text("store", options_.store.kind == StoreUrl::Kind::kSqlite ? "sqlite" : "mysql");
  json.Text("now", FormatTime(WallClockNs()));
  json.Flag("import", false);
  json.EndObject();
  return JsonResponse(json.Take());
}

Response Api::Answer(const Request& request, absl::StatusOr<std::string> (*route)(const ApiCall&),
                     const FlowId& id) {
  auto reader = pool_.Take();
  // Whatever is wrong with a store that can't be opened: it is not there for us.
  if (!reader.ok()) return ErrorResponse(503, MessageOf(reader.status()));
  absl::StatusOr<std::string> json = route({request, **reader, options_.words, id, WallClockNs()});
  reader->Note(json.status());
  return json.ok() ? JsonResponse(*std::move(json)) : ErrorResponse(json.status());
}

// "ID", "ID/turns", "ID/content", "ID/export".
Response Api::FlowPath(const Request& request, std::string_view rest) {
  const std::string_view id_text = rest.substr(0, rest.find('/'));
  const std::string_view what = rest.substr(id_text.size());
  if (what != "" && what != "/turns" && what != "/content" && what != "/export") {
    return ErrorResponse(404, "there is no such path; see /api/v1/openapi.json");
  }
  const auto id = ParseFlowId(std::string(id_text));
  if (!id) {
    return ErrorResponse(400, fmt::format("a flow's id has {} hex digits", kFlowIdDigits));
  }
  if (what == "/turns") return Answer(request, TurnsRoute, *id);
  if (what == "/content") return ContentRoute(request, *id, pool_);
  if (what == "/export") return ExportRoute(request, *id, pool_, options_.words);
  return Answer(request, FlowRoute, *id);
}

Response Api::Handle(const Request& request) {
  if (const absl::Status sound = CheckParameters(request); !sound.ok()) {
    return ErrorResponse(sound);
  }
  if (request.path.starts_with(kRoot)) {
    const std::string_view path = request.path.substr(kRoot.size());
    for (const Route& route : kRoutes) {
      if (route.path == path) return Answer(request, route.answer, {});
    }
    if (path == "about") return About();
    if (path == "openapi.json") return JsonResponse(std::string(OpenApi()));
    if (path == "events") return events_.Listen(request);
    if (path == "parse") {
      const auto json = ParseRoute(request);
      return json.ok() ? JsonResponse(*json) : ErrorResponse(json.status());
    }
    constexpr std::string_view kFlows = "flows/";
    if (path.starts_with(kFlows)) return FlowPath(request, path.substr(kFlows.size()));
  }
  return ErrorResponse(404, "there is no such path; see /api/v1/openapi.json");
}

}  // namespace dfc
