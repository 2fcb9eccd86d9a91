// The routes under /api/v1/: what openapi.json describes.
#pragma once

#include <string>
#include <string_view>

#include "audit_log.h"
#include "dfc/query.h"
#include "dfc/reader.h"
#include "dfc/web.h"
#include "events.h"
#include "guard.h"
#include "http.h"
#include "imports.h"
#include "reader_pool.h"

namespace dfc {

// What a route is given: the request, and an open store.
struct ApiCall {
  const Request& request;
  Reader& reader;
  const WebWords& words;
  FlowId id;                // Of those routes that name a flow.
  int64_t now_ns;           // Of the machine's clock.
  uint64_t& content_bytes;  // How much captured content the answer has.
};

// Each gives the JSON of a 200, or says what is wrong; kInvalidArgument is a 400.
absl::StatusOr<std::string> FlowsRoute(const ApiCall& call);
absl::StatusOr<std::string> FlowRoute(const ApiCall& call);
absl::StatusOr<std::string> TurnsRoute(const ApiCall& call);
absl::StatusOr<std::string> HistogramRoute(const ApiCall& call);
absl::StatusOr<std::string> FacetsRoute(const ApiCall& call);
absl::StatusOr<std::string> TalkersRoute(const ApiCall& call);
absl::StatusOr<std::string> IcmpMessagesRoute(const ApiCall& call);
absl::StatusOr<std::string> PingsRoute(const ApiCall& call);
absl::StatusOr<std::string> SensorsRoute(const ApiCall& call);
absl::StatusOr<std::string> CompleteRoute(const ApiCall& call);

// Whether a query can be understood; asks no store.
absl::StatusOr<std::string> ParseRoute(const Request& request);

// One side's bytes, whole or a range of them, as a download.
Response ContentRoute(const Request& request, const FlowId& id, ReaderPool& pool);

// A whole flow as a download.
Response ExportRoute(const Request& request, const FlowId& id, ReaderPool& pool,
                     const WebWords& words);

// The parts that it hands requests to. They outlive it.
struct ApiParts {
  ReaderPool& pool;
  EventHub& events;
  Imports& imports;
  AuditLog* audit;  // Null: nobody wants to know.
};

class Api {
 public:
  // `write_token`: what Guard asks for where something is changed.
  Api(const WebOptions& options, const ApiParts& parts, std::string write_token);

  // REQUIRES: the path begins with "/api/".
  Response Handle(const Request& request, const Caller& caller);

 private:
  Response About(const Request& request, const Caller& caller) const;
  Response FlowPath(const Request& request, const Caller& caller, std::string_view rest);
  Response ContentPath(const Request& request, const Caller& caller, std::string_view what,
                       const FlowId& id);
  Response ImportPath(const Request& request, const Caller& caller, std::string_view rest);
  Response Answer(const Request& request, const Caller& caller,
                  absl::StatusOr<std::string> (*route)(const ApiCall&), const FlowId& id);

  const WebOptions& options_;
  ApiParts parts_;
  std::string write_token_;
  WebWords viewer_words_;  // Without what was said inside of messages.
};

// As an answer; the status' code decides which.
Response ErrorResponse(const absl::Status& status);
Response JsonResponse(std::string json);

}  // namespace dfc
