#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "dfc/file.h"
#include "dfc/store.h"

namespace dfc {

namespace {

constexpr size_t kPasswordFileBytesMax = 4096;
constexpr std::string_view kForms =
    "sqlite:PATH, mysql://USER@HOST:PORT/DB, mysql://USER@/DB?socket=PATH or null:";

absl::Status BadUrl(std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("store URL: {}; the forms are {}", why, kForms));
}

// Cuts `text` at the first `mark`: what stands before it goes to `head`.
bool CutHead(std::string_view& text, char mark, std::string_view& head) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return false;
  head = text.substr(0, at);
  text.remove_prefix(at + 1);
  return true;
}

absl::Status ParsePort(std::string_view text, uint16_t& port) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error == std::errc() && stop == end && port != 0) return absl::OkStatus();
  return BadUrl(fmt::format("'{}' is no port (1 to 65535)", text));
}

// HOST, HOST:PORT or [IPV6]:PORT.
absl::Status ParseAuthority(std::string_view text, StoreUrl& url) {
  if (text.starts_with('[')) {
    std::string_view host;
    text.remove_prefix(1);
    if (!CutHead(text, ']', host)) return BadUrl("'[' without ']'");
    url.host = host;
    if (text.empty()) return absl::OkStatus();
    if (!text.starts_with(':')) return BadUrl("something other than :PORT follows ']'");
    return ParsePort(text.substr(1), url.port);
  }
  std::string_view host;
  if (!CutHead(text, ':', host)) {
    url.host = text;
    return absl::OkStatus();
  }
  url.host = host;
  return ParsePort(text, url.port);
}

absl::StatusOr<StoreUrl> ParseMysql(std::string_view rest) {
  StoreUrl url;
  url.kind = StoreUrl::Kind::kMysql;
  std::string_view authority, options;
  std::string_view path = rest;
  if (!CutHead(path, '/', authority)) return BadUrl("the database's name is missing");
  const size_t at_sign = authority.rfind('@');
  if (at_sign == std::string_view::npos || at_sign == 0) return BadUrl("the user is missing");
  const std::string_view user = authority.substr(0, at_sign);
  if (user.find(':') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "store URL: there is a password in it, and other users of this machine can read a command "
        "line; put it into a file of mode 0600 named by $DFC_PASSWORD_FILE");
  }
  url.user = user;
  DFC_RETURN_IF_ERROR(ParseAuthority(authority.substr(at_sign + 1), url));
  std::string_view database = path;
  if (CutHead(path, '?', database)) options = path;
  url.database = database;
  if (url.database.empty()) return BadUrl("the database's name is missing");
  if (!options.empty()) {
    constexpr std::string_view kSocket = "socket=";
    if (!options.starts_with(kSocket)) return BadUrl("the only option is socket=PATH");
    url.socket = options.substr(kSocket.size());
  }
  if (url.host.empty() == url.socket.empty()) return BadUrl("give a host or a socket, one of them");
  return url;
}

}  // namespace

std::string StoreUrl::Text() const {
  switch (kind) {
    case Kind::kSqlite:
      return fmt::format("sqlite:{}", path);
    case Kind::kNull:
      return "null:";
    case Kind::kMysql:
      break;
  }
  if (!socket.empty()) return fmt::format("mysql://{}@/{}?socket={}", user, database, socket);
  const bool brackets = host.find(':') != std::string::npos;
  return fmt::format("mysql://{}@{}{}{}:{}/{}", user, brackets ? "[" : "", host,
                     brackets ? "]" : "", port, database);
}

absl::StatusOr<StoreUrl> ParseStoreUrl(const std::string& text) {
  std::string_view rest = text;
  std::string_view scheme;
  if (!CutHead(rest, ':', scheme)) return BadUrl(fmt::format("'{}' names no kind of store", text));
  StoreUrl url;
  if (scheme == "null" && rest.empty()) {
    url.kind = StoreUrl::Kind::kNull;
    return url;
  }
  if (scheme == "sqlite") {
    if (rest.empty()) return BadUrl("the path is missing");
    url.path = rest;
    return url;
  }
  if ((scheme == "mysql" || scheme == "mariadb") && rest.starts_with("//")) {
    return ParseMysql(rest.substr(2));
  }
  return BadUrl(fmt::format("'{}:' is no kind of store", scheme));
}

namespace {

absl::StatusOr<std::string> ReadPasswordFile(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("password file {}", path));
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) {
    return ErrnoStatus(errno, fmt::format("password file {}", path));
  }
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        fmt::format("password file {}: others may read it; run: chmod 600 {}", path, path));
  }
  std::string text(kPasswordFileBytesMax, '\0');
  ssize_t got = ::read(fd.get(), text.data(), text.size());
  if (got < 0) return ErrnoStatus(errno, fmt::format("password file {}", path));
  text.resize(static_cast<size_t>(got));
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

absl::StatusOr<std::string> StorePassword() {
  if (const char* path = std::getenv("DFC_PASSWORD_FILE")) return ReadPasswordFile(path);
  if (const char* password = std::getenv("DFC_PASSWORD")) return std::string(password);
  return std::string();
}

}  // namespace dfc
