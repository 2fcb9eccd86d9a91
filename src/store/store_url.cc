#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "dfc/file.h"
#include "dfc/store.h"

namespace dfc {

namespace {

constexpr size_t kPasswordFileBytesMax = 4096;
constexpr std::string_view kForms =
    "sqlite:PATH, mysql://USER@HOST:PORT/DB (HOST:PORT,HOST:PORT for several), "
    "mysql://USER@/DB?socket=PATH or null:";

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
absl::Status ParseHost(std::string_view text, StoreHost& host) {
  std::string_view name;
  if (text.starts_with('[')) {
    text.remove_prefix(1);
    if (!CutHead(text, ']', name)) return BadUrl("'[' without ']'");
    host.name = name;
    if (text.empty()) return absl::OkStatus();
    if (!text.starts_with(':')) return BadUrl("something other than :PORT follows ']'");
    return ParsePort(text.substr(1), host.port);
  }
  const bool has_port = CutHead(text, ':', name);
  host.name = has_port ? name : text;
  return has_port ? ParsePort(text, host.port) : absl::OkStatus();
}

// "" where a socket is named instead.
absl::Status ParseHosts(std::string_view text, StoreUrl& url) {
  if (text.empty()) return absl::OkStatus();
  for (bool more = true, first = true; more; first = false) {
    std::string_view part;
    more = CutHead(text, ',', part);
    StoreHost host;
    DFC_RETURN_IF_ERROR(ParseHost(more ? part : text, host));
    if (host.name.empty()) return BadUrl("a host's name is missing");
    if (first) {
      url.host = host.name;
      url.port = host.port;
    } else {
      url.more_hosts.push_back(host);
    }
  }
  return absl::OkStatus();
}

absl::Status ParseTimeout(std::string_view name, std::string_view text, uint16_t& seconds) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  constexpr uint16_t kSecondsMax = 3600;
  if (error == std::errc() && stop == end && seconds != 0 && seconds <= kSecondsMax) {
    return absl::OkStatus();
  }
  return BadUrl(fmt::format("{}={} is no number of seconds (1 to {})", name, text, kSecondsMax));
}

absl::Status ParseOption(std::string_view name, std::string_view value, StoreUrl& url) {
  if (value.empty()) return BadUrl(fmt::format("{} has no value", name));
  if (name == "connect-timeout") return ParseTimeout(name, value, url.connect_timeout_s);
  if (name == "read-timeout") return ParseTimeout(name, value, url.read_timeout_s);
  if (name == "write-timeout") return ParseTimeout(name, value, url.write_timeout_s);
  if (name == "tls-verify") {
    if (value != "full" && value != "none") return BadUrl("tls-verify is full or none");
    url.tls = true;
    url.tls_verify = value == "full";
    return absl::OkStatus();
  }
  std::string* const path = name == "socket"     ? &url.socket
                            : name == "tls-ca"   ? &url.tls_ca
                            : name == "tls-cert" ? &url.tls_cert
                            : name == "tls-key"  ? &url.tls_key
                                                 : nullptr;
  if (path == nullptr) {
    return BadUrl(
        fmt::format("there is no option '{}', only socket, tls-ca, tls-cert, tls-key, tls-verify, "
                    "connect-timeout, read-timeout and write-timeout",
                    name));
  }
  *path = value;
  url.tls = url.tls || path != &url.socket;
  return absl::OkStatus();
}

absl::Status ParseOptions(std::string_view text, StoreUrl& url) {
  while (!text.empty()) {
    std::string_view option;
    if (!CutHead(text, '&', option)) option = std::exchange(text, "");
    std::string_view name;
    if (!CutHead(option, '=', name)) return BadUrl(fmt::format("'{}' has no value", option));
    DFC_RETURN_IF_ERROR(ParseOption(name, option, url));
  }
  return absl::OkStatus();
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
  DFC_RETURN_IF_ERROR(ParseHosts(authority.substr(at_sign + 1), url));
  std::string_view database = path;
  if (CutHead(path, '?', database)) options = path;
  url.database = database;
  if (url.database.empty()) return BadUrl("the database's name is missing");
  DFC_RETURN_IF_ERROR(ParseOptions(options, url));
  if (url.host.empty() == url.socket.empty()) return BadUrl("give a host or a socket, one of them");
  return url;
}

std::string HostsText(const StoreUrl& url) {
  if (!url.socket.empty()) return "";
  const auto text = [](const std::string& name, uint16_t port) {
    const bool brackets = name.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", brackets ? "[" : "", name, brackets ? "]" : "", port);
  };
  std::string hosts = text(url.host, url.port);
  for (const StoreHost& host : url.more_hosts) hosts += "," + text(host.name, host.port);
  return hosts;
}

std::string OptionsText(const StoreUrl& url) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += fmt::format("{}{}={}", text.empty() ? '?' : '&', name, value);
  };
  const auto seconds = [](uint16_t given) { return given == 0 ? "" : std::to_string(given); };
  add("socket", url.socket);
  add("tls-ca", url.tls_ca);
  add("tls-cert", url.tls_cert);
  add("tls-key", url.tls_key);
  if (url.tls && !url.tls_verify) add("tls-verify", "none");
  if (url.tls && url.tls_verify && url.tls_ca.empty()) add("tls-verify", "full");
  add("connect-timeout", seconds(url.connect_timeout_s));
  add("read-timeout", seconds(url.read_timeout_s));
  add("write-timeout", seconds(url.write_timeout_s));
  return text;
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
  return fmt::format("mysql://{}@{}/{}{}", user, HostsText(*this), database, OptionsText(*this));
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

// The first line.
absl::StatusOr<std::string> ReadPasswordFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadSecretFile(path, kPasswordFileBytesMax);
  if (!text.ok()) return Annotate(text.status(), "password file");
  return text->substr(0, text->find_first_of("\r\n"));
}

}  // namespace

absl::StatusOr<std::string> StorePassword() {
  if (const char* path = std::getenv("DFC_PASSWORD_FILE")) return ReadPasswordFile(path);
  if (const char* password = std::getenv("DFC_PASSWORD")) return std::string(password);
  return std::string();
}

}  // namespace dfc
