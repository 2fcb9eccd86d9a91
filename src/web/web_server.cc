// The parts put together: guard, page, API, events.
#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>

#include "api.h"
#include "assets.h"
#include "audit_log.h"
#include "dfc/time.h"
#include "dfc/web.h"
#include "events.h"
#include "guard.h"
#include "http_server.h"
#include "imports.h"
#include "reader_pool.h"
#include "sensor_figures.h"

namespace dfc {

namespace {

// What is asked for on a screen must be there before one stops waiting.
constexpr int64_t kStatementMsMax = 5'000;

constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool Has(const Headers& headers, std::string_view name) {
  for (const auto& header : headers) {
    if (header.first == name) return true;
  }
  return false;
}

// What every answer says, so that no browser makes more of it than it is.
void AddPolicies(Headers& headers, bool tls) {
  const std::pair<const char*, std::string_view> policies[] = {
      {"Content-Security-Policy", kPagePolicy},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
      {"Cache-Control", "no-store"}};
  for (const auto& [name, value] : policies) {
    if (!Has(headers, name)) headers.emplace_back(name, value);
  }
  if (tls) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
}

// Whether "gzip" is among what is accepted, and not refused by a quality of nothing.
bool AcceptsGzip(std::string_view header) {
  const size_t at = header.find("gzip");
  if (at == std::string_view::npos) return false;
  const std::string_view rest = header.substr(at, header.find(',', at) - at);
  return rest.find(";q=0") == std::string_view::npos || rest.find(";q=0.") != rest.npos;
}

Response AssetResponse(const Asset& asset, const Request& request) {
  Response response;
  // Names of files under assets/ have a hash of what is in them.
  const bool lasts = asset.path.starts_with("/assets/");
  response.headers = {
      {"Content-Type", std::string(asset.type)},
      {"ETag", std::string(asset.tag)},
      {"Vary", "Accept-Encoding"},
      {"Cache-Control", lasts ? "private, max-age=31536000, immutable" : "no-cache"}};
  if (request.if_none_match.find(asset.tag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.fixed_body = asset.bytes;
  if (AcceptsGzip(request.accept_encoding)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.fixed_body = asset.gzip;
  }
  return response;
}

// A file of the page, by its whole name: no path of a request ever reaches a disk. Names without an
// ending are the page's own places.
Response PageResponse(const Request& request) {
  std::string_view path = request.path;
  if (path.find('.') == std::string_view::npos) path = "/index.html";
  for (const Asset& asset : Assets()) {
    if (asset.path == path) return AssetResponse(asset, request);
  }
  return ErrorResponse(404, "there is no such file");
}

// 128 bits that nobody can guess, as hex digits.
absl::StatusOr<std::string> RandomToken() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return absl::InternalError("no random numbers to be had");
  }
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

class Server final : public WebServer, public RequestHandler {
 public:
  Server(const WebOptions& options, std::unique_ptr<AuditLog> audit, const std::string& token)
      : options_(options),
        write_token_(token),
        cache_(options.cache_bytes_max),
        pool_(options.store, ReaderOptions{kStatementMsMax, &cache_}),
        events_(pool_, options_.words),
        audit_(std::move(audit)),
        imports_(options_.import, audit_.get()),
        api_(options_, {pool_, events_, imports_, audit_.get()}, token) {}

  ~Server() override {
    (void)Stop();
    http_.reset();
  }

  absl::Status Listen() {
    DFC_RETURN_IF_ERROR(imports_.Check());
    // The guard has to know the port, which the library may choose.
    DFC_ASSIGN_OR_RETURN(http_, HttpServer::Start({options_.address, options_.port,
                                                   options_.tls_certificate, options_.tls_key},
                                                  *this));
    guard_storage_ = std::make_unique<Guard>(options_, http_->port(), write_token_);
    guard_.store(guard_storage_.get(), std::memory_order_release);
    return absl::OkStatus();
  }

  std::string Url() const override {
    const bool tls = !options_.tls_certificate.empty();
    const bool ipv6 = options_.address.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}/", tls ? "https" : "http", ipv6 ? "[" : "", options_.address,
                       ipv6 ? "]" : "", http_->port());
  }

  void RunOnce() override {
    if (const auto import = imports_.RunOnce()) events_.TellImport(*import);
    events_.RunOnce(WallClockNs());
    http_->Wake();
    http_->CutSlow(MonotonicClockNs());
  }

  absl::Status ReopenAuditLog() override {
    return audit_ == nullptr ? absl::OkStatus() : audit_->Reopen();
  }

  std::string Stop() override {
    is_ending_.store(true);
    events_.Dismiss();
    return imports_.End();
  }

  Response Handle(const Request& request) override {
    Response response = Answer(request);
    AddPolicies(response.headers, !options_.tls_certificate.empty());
    return response;
  }

 private:
  Response Answer(const Request& request) {
    Guard* const guard = guard_.load(std::memory_order_acquire);
    if (guard == nullptr || is_ending_.load()) return ErrorResponse(503, "not now");
    Caller caller;
    if (auto refused = guard->Refuse(request, MonotonicClockNs(), caller)) {
      return *std::move(refused);
    }
    if (request.path.starts_with("/api/")) return api_.Handle(request, caller);
    if (request.path == "/metrics") return MetricsResponse(pool_, WallClockNs());
    return PageResponse(request);
  }

  WebOptions options_;
  std::string write_token_;
  FlowCache cache_;
  ReaderPool pool_;
  EventHub events_;
  std::unique_ptr<AuditLog> audit_;
  Imports imports_;
  Api api_;
  std::unique_ptr<Guard> guard_storage_;
  std::atomic<Guard*> guard_{nullptr};
  std::atomic<bool> is_ending_{false};
  std::unique_ptr<HttpServer> http_;  // Last: its threads use all of the above.
};

}  // namespace

absl::StatusOr<std::unique_ptr<WebServer>> WebServer::Start(const WebOptions& options) {
  DFC_RETURN_IF_ERROR(CheckExposure(options));
  std::unique_ptr<AuditLog> audit;
  if (!options.audit_log.empty()) {
    DFC_ASSIGN_OR_RETURN(audit, AuditLog::Open(options.audit_log));
  }
  DFC_ASSIGN_OR_RETURN(const std::string token, RandomToken());
  auto server = std::make_unique<Server>(options, std::move(audit), token);
  DFC_RETURN_IF_ERROR(server->Listen());
  return std::unique_ptr<WebServer>(std::move(server));
}

}  // namespace dfc
