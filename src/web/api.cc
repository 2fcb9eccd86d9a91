#include "api.h"

#include <fmt/format.h>

#include <charconv>

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

Api::Api(const WebOptions& options, const ApiParts& parts, std::string write_token)
    : options_(options),
      parts_(parts),
      write_token_(std::move(write_token)),
      viewer_words_(options.words) {
  viewer_words_.icmp_details = [](const StoredIcmp&) { return std::string(); };
}

Response Api::About(const Request& request, const Caller& caller) const {
  const bool may_import = !options_.import.command.empty() && caller.role == Role::kAnalyst &&
                          (request.fetch_site.empty() || request.fetch_site == "same-origin");
  Json json;
  json.BeginObject();
  json.Text("version", options_.version);
  json.Text("store", options_.store.kind == StoreUrl::Kind::kSqlite ? "sqlite" : "mysql");
  json.Text("now", FormatTime(WallClockNs()));
  json.Optional("user", caller.name);
  json.Text("role", caller.role == Role::kAnalyst ? "analyst" : "viewer");
  json.Flag("import", !options_.import.command.empty());
  json.Count("import_bytes_max", options_.import.bytes_max);
  json.Optional("import_token", may_import ? write_token_ : "");
  json.EndObject();
  return JsonResponse(json.Take());
}

Response Api::Answer(const Request& request, const Caller& caller,
                     absl::StatusOr<std::string> (*route)(const ApiCall&), const FlowId& id) {
  auto reader = parts_.pool.Take();
  // Whatever is wrong with a store that can't be opened: it is not there for us.
  if (!reader.ok()) return ErrorResponse(503, MessageOf(reader.status()));
  const WebWords& words = caller.role == Role::kAnalyst ? options_.words : viewer_words_;
  uint64_t content_bytes = 0;
  absl::StatusOr<std::string> json =
      route({request, **reader, words, id, WallClockNs(), content_bytes});
  reader->Note(json.status());
  if (!json.ok()) return ErrorResponse(json.status());
  Response response = JsonResponse(*std::move(json));
  response.content_bytes = content_bytes;
  return response;
}

// What of a flow's content somebody asks for; it leaves when that is written down.
Response Api::ContentPath(const Request& request, const Caller& caller, std::string_view what,
                          const FlowId& id) {
  if (caller.role != Role::kAnalyst) {
    return ErrorResponse(403, "what flows carried is for analysts, and this token is a viewer's");
  }
  Response response = what == "turns"     ? Answer(request, caller, TurnsRoute, id)
                      : what == "content" ? ContentRoute(request, id, parts_.pool)
                                          : ExportRoute(request, id, parts_.pool, options_.words);
  const bool leaves = response.status < 300 && request.method == "GET";
  if (parts_.audit == nullptr || !leaves) return response;
  const absl::Status written = parts_.audit->Write(
      {.time_ns = WallClockNs(),
       .user = caller.name,
       .peer = request.peer,
       .what = what,
       .flow = FormatFlowId(id),
       .detail = request.Parameter(what == "export" ? "format" : "side").value_or(""),
       .bytes = response.content_bytes});
  if (written.ok()) return response;
  return ErrorResponse(503, fmt::format("content is given out only if that can be written down: {}",
                                        MessageOf(written)));
}

// "ID", "ID/turns", "ID/content", "ID/export".
Response Api::FlowPath(const Request& request, const Caller& caller, std::string_view rest) {
  const std::string_view id_text = rest.substr(0, rest.find('/'));
  const std::string_view what = rest.substr(id_text.size());
  if (what != "" && what != "/turns" && what != "/content" && what != "/export") {
    return ErrorResponse(404, "there is no such path; see /api/v1/openapi.json");
  }
  const auto id = ParseFlowId(std::string(id_text));
  if (!id) {
    return ErrorResponse(400, fmt::format("a flow's id has {} hex digits", kFlowIdDigits));
  }
  if (what != "") return ContentPath(request, caller, what.substr(1), *id);
  return Answer(request, caller, FlowRoute, *id);
}

// "", "/ID".
Response Api::ImportPath(const Request& request, const Caller& caller, std::string_view rest) {
  if (caller.role != Role::kAnalyst) return ErrorResponse(403, "only analysts import captures");
  if (rest.empty() && request.method != "POST") return parts_.imports.List();
  if (rest.empty()) {
    if (parts_.audit != nullptr) {
      const absl::Status written =
          parts_.audit->Write({.time_ns = WallClockNs(),
                               .user = caller.name,
                               .peer = request.peer,
                               .what = "import",
                               .detail = request.Parameter("name").value_or(""),
                               .bytes = request.body_bytes.value_or(0)});
      if (!written.ok()) return ErrorResponse(503, MessageOf(written));
    }
    return parts_.imports.Begin(request, caller);
  }
  uint64_t id = 0;
  const char* const end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data() + 1, end, id);
  if (error != std::errc() || stop != end) return ErrorResponse(400, "an import's id is a number");
  return request.method == "DELETE" ? parts_.imports.Stop(id) : parts_.imports.Find(id);
}

Response Api::Handle(const Request& request, const Caller& caller) {
  if (const absl::Status sound = CheckParameters(request); !sound.ok()) {
    return ErrorResponse(sound);
  }
  if (request.path.starts_with(kRoot)) {
    const std::string_view path = request.path.substr(kRoot.size());
    for (const Route& route : kRoutes) {
      if (route.path == path) return Answer(request, caller, route.answer, {});
    }
    if (path == "about") return About(request, caller);
    if (path == "openapi.json") return JsonResponse(std::string(OpenApi()));
    if (path == "events") return parts_.events.Listen(request, caller);
    if (path == "parse") {
      const auto json = ParseRoute(request);
      return json.ok() ? JsonResponse(*json) : ErrorResponse(json.status());
    }
    constexpr std::string_view kFlows = "flows/";
    if (path.starts_with(kFlows)) return FlowPath(request, caller, path.substr(kFlows.size()));
    const std::string_view rest =
        request.path.substr(std::min(kImportsPath.size(), request.path.size()));
    const bool is_import = rest.empty() || rest.starts_with('/');
    if (request.path.starts_with(kImportsPath) && is_import) {
      return ImportPath(request, caller, rest);
    }
  }
  return ErrorResponse(404, "there is no such path; see /api/v1/openapi.json");
}

}  // namespace dfc
