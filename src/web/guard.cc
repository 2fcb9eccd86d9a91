#include "guard.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

#include "dfc/time.h"
#include "json.h"

namespace dfc {

namespace {

// Nobody guesses a token of 128 bits at this rate, and nobody who mistypes one waits for long.
constexpr uint32_t kWrongTokensMax = 5;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), Lower);
  return lower;
}

bool StartsWithWord(std::string_view text, std::string_view word) {
  return text.size() > word.size() && LowerCase(text.substr(0, word.size())) == word &&
         text[word.size()] == ' ';
}

// What stands behind "NAME:PASSWORD" in base64; "" when it can't be read.
std::string PasswordOf(std::string_view base64) {
  constexpr size_t kBytesMax = 1024;
  if (base64.empty() || base64.size() > kBytesMax || base64.size() % 4 != 0) return "";
  const ByteSpan text = AsBytes(base64.data(), base64.size());
  std::vector<unsigned char> plain(base64.size() / 4 * 3);
  const int bytes = EVP_DecodeBlock(plain.data(), text.data(), static_cast<int>(text.size()));
  if (bytes < 0) return "";
  // Padding counts as zero bytes.
  size_t length = static_cast<size_t>(bytes);
  for (size_t at = base64.size(); at > 0 && base64[at - 1] == '=' && length > 0; --at) --length;
  const std::string pair(AsChars(plain.data()), length);
  const size_t colon = pair.find(':');
  return colon == std::string::npos ? "" : pair.substr(colon + 1);
}

// Takes as long wherever they differ.
bool SameSecret(std::string_view given, std::string_view wanted) {
  return given.size() == wanted.size() &&
         CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
}

std::string InBrackets(const std::string& address) {
  return address.find(':') == std::string::npos ? address : fmt::format("[{}]", address);
}

}  // namespace

bool IsLoopback(const std::string& address) {
  IpAddress parsed;
  if (!ParseAddress(address, parsed)) return false;
  if (parsed.IsIpv4()) return parsed.bytes[12] == 127;
  IpAddress one{};
  one.bytes[15] = 1;
  return parsed == one;
}

absl::Status CheckExposure(const WebOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together");
  }
  if (IsLoopback(options.address)) return absl::OkStatus();
  if (options.users.empty() || options.tls_certificate.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "{} can be reached by others, who would see what your network's hosts said: it needs "
        "--token-file, and --tls-cert with --tls-key; or listen at 127.0.0.1",
        options.address));
  }
  return absl::OkStatus();
}

Guard::Guard(const WebOptions& options, uint16_t port, std::string write_token)
    : users_(options.users),
      scheme_(options.tls_certificate.empty() ? "http" : "https"),
      takes_imports_(!options.import.command.empty()),
      write_token_(std::move(write_token)) {
  std::vector<std::string> hosts = {InBrackets(options.address)};
  if (IsLoopback(options.address)) hosts.insert(hosts.end(), {"localhost", "127.0.0.1", "[::1]"});
  for (const std::string& name : options.host_names) hosts.push_back(LowerCase(name));
  const uint16_t usual = options.tls_certificate.empty() ? 80 : 443;
  for (const std::string& host : hosts) {
    names_.push_back(fmt::format("{}:{}", host, port));
    if (port == usual) names_.push_back(host);
  }
}

bool Guard::IsOurName(std::string_view host) const {
  return std::ranges::find(names_, LowerCase(host)) != names_.end();
}

// All tokens are compared, so that nobody learns which one was nearly right.
const WebUser* Guard::UserOf(std::string_view authorization) const {
  constexpr size_t kBearer = 6;
  constexpr size_t kBasic = 5;
  std::string given;
  if (StartsWithWord(authorization, "bearer")) {
    given = authorization.substr(kBearer + 1);
  } else if (StartsWithWord(authorization, "basic")) {
    given = PasswordOf(authorization.substr(kBasic + 1));
  }
  const WebUser* found = nullptr;
  for (const WebUser& user : users_) {
    if (SameSecret(given, user.token)) found = &user;
  }
  return found;
}

std::optional<Response> Guard::RefuseStranger(const Request& request, int64_t now_ns,
                                              Caller& caller) {
  if (now_ns - minute_ns_.load(std::memory_order_relaxed) > kNsPerMinute) {
    minute_ns_.store(now_ns, std::memory_order_relaxed);
    wrong_tokens_.store(0, std::memory_order_relaxed);
  }
  if (wrong_tokens_.load(std::memory_order_relaxed) >= kWrongTokensMax) {
    Response response = ErrorResponse(429, "too many wrong tokens; wait a minute");
    response.headers.emplace_back("Retry-After", "60");
    return response;
  }
  if (const WebUser* user = UserOf(request.authorization)) {
    caller = {user->name, user->role};
    return std::nullopt;
  }
  // A browser asks without one first.
  if (!request.authorization.empty()) wrong_tokens_.fetch_add(1, std::memory_order_relaxed);
  Response response = ErrorResponse(401, "the token is missing or wrong");
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"dfc\", charset=\"UTF-8\"");
  return response;
}

std::optional<Response> Guard::RefuseMethod(const Request& request) const {
  if (request.method == "GET" || request.method == "HEAD") {
    if (!request.has_body) return std::nullopt;
    return ErrorResponse(400, "a request has no body");
  }
  const bool adds = request.method == "POST" && request.path == kImportsPath;
  const bool stops = request.method == "DELETE" && request.path.starts_with(kImportsPath) &&
                     request.path.size() > kImportsPath.size() + 1 && !request.has_body;
  if (adds || stops) {
    if (takes_imports_) return std::nullopt;
    return ErrorResponse(403, "this server takes no captures; see dfc serve --allow-import");
  }
  Response response = ErrorResponse(405, "only GET and HEAD are understood");
  response.headers.emplace_back("Allow", "GET, HEAD");
  return response;
}

// A page of another site can make a browser send a request, but neither these headers nor the
// token.
std::optional<Response> Guard::RefuseWrite(const Request& request, const Caller& caller) const {
  const std::string ours = fmt::format("{}://{}", scheme_, LowerCase(request.host));
  const bool is_ours = request.origin.empty() ? request.fetch_site == "same-origin"
                                              : LowerCase(request.origin) == ours;
  const bool is_theirs = !request.fetch_site.empty() && request.fetch_site != "same-origin";
  if (!is_ours || is_theirs) {
    return ErrorResponse(403, "what changes something has to come from this server's own page");
  }
  if (!SameSecret(request.write_token, write_token_)) {
    return ErrorResponse(403,
                         "X-Dfc-Token is missing or of another run; /api/v1/about has this one's");
  }
  if (caller.role != Role::kAnalyst) return ErrorResponse(403, "only analysts import captures");
  return std::nullopt;
}

std::optional<Response> Guard::Refuse(const Request& request, int64_t now_ns, Caller& caller) {
  if (request.host.empty()) return ErrorResponse(400, "the header Host is missing");
  if (!IsOurName(request.host)) {
    return ErrorResponse(403, "this is not the name of this server; see --host-name");
  }
  if (request.fetch_site == "cross-site" && request.path.starts_with("/api/")) {
    return ErrorResponse(403, "requests of other sites are refused");
  }
  if (auto refusal = RefuseMethod(request)) return refusal;
  if (!users_.empty()) {
    if (auto refusal = RefuseStranger(request, now_ns, caller)) return refusal;
  }
  const bool changes = request.method != "GET" && request.method != "HEAD";
  return changes ? RefuseWrite(request, caller) : std::nullopt;
}

Response ErrorResponse(unsigned status, std::string_view words, size_t column) {
  Json json;
  json.BeginObject();
  json.Text("error", words);
  if (column > 0) json.Count("column", column);
  json.EndObject();
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = json.Take();
  return response;
}

}  // namespace dfc
