// The routes under /api/v1/: what openapi.json describes.
#pragma once

#include <string>
#include <string_view>

#include "dfc/query.h"
#include "dfc/reader.h"
#include "dfc/web.h"
#include "events.h"
#include "http.h"
#include "reader_pool.h"

namespace dfc {

// What a route is given: the request, and an open store.
struct ApiCall {
  const Request& request;
  Reader& reader;
  const WebWords& words;
  FlowId id;       // Of those routes that name a flow.
  int64_t now_ns;  // Of the machine's clock.
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

class Api {
 public:
  Api(const WebOptions& options, ReaderPool& pool, EventHub& events);

  // REQUIRES: the path begins with "/api/".
  Response Handle(const Request& request);

 private:
  Response About() const;
  Response FlowPath(const Request& request, std::string_view rest);
  Response Answer(const Request& request, absl::StatusOr<std::string> (*route)(const ApiCall&),
                  const FlowId& id);

  const WebOptions& options_;
  ReaderPool& pool_;
  EventHub& events_;
};

// As an answer; the status' code decides which.
Response ErrorResponse(const absl::Status& status);
Response JsonResponse(std::string json);

}  // namespace dfc
