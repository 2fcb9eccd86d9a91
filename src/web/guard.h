// Who may ask, and what: the checks that come before any work is done for a request.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfc/status.h"
#include "dfc/web.h"
#include "http.h"

namespace dfc {

// 127.0.0.0/8 and ::1.
bool IsLoopback(const std::string& address);

// OK, or why `options` would let others in.
absl::Status CheckExposure(const WebOptions& options);

// Who asks.
struct Caller {
  std::string_view name;  // "" where no token is asked for; lives as long as the guard.
  Role role = Role::kAnalyst;
};

// Where captures are sent, and what is below it.
inline constexpr std::string_view kImportsPath = "/api/v1/imports";

// A page of somebody else's must not read what is here through the browser of somebody who may:
// so the name by which the browser calls us has to be ours (a name of theirs may lead to our
// address), requests of other sites are refused, and nothing but GET and HEAD is allowed. What
// changes something has to come from our own page, and to bring what only that page can know.
class Guard {
 public:
  // `write_token` is a secret of this run.
  Guard(const WebOptions& options, uint16_t port, std::string write_token);

  // Nothing, and who asks; or the answer that refuses it. `now_ns` is of the monotonic clock.
  std::optional<Response> Refuse(const Request& request, int64_t now_ns, Caller& caller);

 private:
  bool IsOurName(std::string_view host) const;
  std::optional<Response> RefuseStranger(const Request& request, int64_t now_ns, Caller& caller);
  std::optional<Response> RefuseMethod(const Request& request) const;
  std::optional<Response> RefuseWrite(const Request& request, const Caller& caller) const;
  const WebUser* UserOf(std::string_view authorization) const;

  std::vector<std::string> names_;  // As they stand in the header Host.
  std::vector<WebUser> users_;
  std::string scheme_;  // "http", "https".
  bool takes_imports_;
  std::string write_token_;
  // Wrong tokens in the minute that began at `minute_ns_`; several threads count.
  std::atomic<int64_t> minute_ns_{0};
  std::atomic<uint32_t> wrong_tokens_{0};
};

// {"error": words}, and the column where one is named.
Response ErrorResponse(unsigned status, std::string_view words, size_t column = 0);

}  // namespace dfc
