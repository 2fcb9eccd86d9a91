// A request and its answer, as the parts of the API see them: nothing of the HTTP library.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dfc/bytes.h"

namespace dfc {

// Views are valid while the request is handled.
struct Request {
  std::string_view method;
  std::string_view path;                                        // Unescaped.
  std::vector<std::pair<std::string, std::string>> parameters;  // Unescaped.
  std::string_view host;
  std::string_view origin;
  std::string_view authorization;
  std::string_view accept_encoding;
  std::string_view range;
  std::string_view fetch_site;
  std::string_view if_none_match;
  std::string_view write_token;  // X-Dfc-Token.
  std::string peer;              // The address at the other end.
  bool has_body = false;
  std::optional<uint64_t> body_bytes;  // As announced.

  // Of the first parameter with that name.
  std::optional<std::string_view> Parameter(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
      if (key == name) return value;
    }
    return std::nullopt;
  }
};

// A body that comes bit by bit, from whatever thread asks for it; one at a time.
class BodySource {
 public:
  static constexpr int64_t kEnd = -1;     // Nothing more comes.
  static constexpr int64_t kFailed = -2;  // It broke off: the connection is closed.
  static constexpr int64_t kLater = 0;    // Nothing is there now; ask when woken.

  virtual ~BodySource() = default;

  // Puts at most `bytes` at `to`; returns how many, or one of the above.
  virtual int64_t Read(char* to, size_t bytes) = 0;
};

struct Response;

// Takes a request's body bit by bit, in whatever thread it comes; one at a time. Destroyed without
// End(): the body did not come to its end.
class BodySink {
 public:
  virtual ~BodySink() = default;

  // False: there is no use in going on, the connection is closed.
  virtual bool Write(ByteSpan bytes) = 0;
  // That was all of it.
  virtual Response End() = 0;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Response {
  static constexpr uint64_t kUnknownBytes = UINT64_MAX;

  unsigned status = 200;
  Headers headers;
  std::string body;
  std::string_view fixed_body;         // Instead of `body`: lives as long as the program.
  std::unique_ptr<BodySource> source;  // Instead of both.
  uint64_t source_bytes = kUnknownBytes;
  uint64_t content_bytes = 0;      // Of captured content in it: for the log of who read what.
  std::unique_ptr<BodySink> sink;  // No answer yet: the body goes there, and End() gives one.
};

// Called by several threads at once.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  virtual Response Handle(const Request& request) = 0;
};

}  // namespace dfc
