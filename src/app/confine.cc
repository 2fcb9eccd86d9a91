#include "confine.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "dfc/log_value.h"
#include "dfc/web.h"
#include "serving.h"

namespace dfc {
namespace {

// What libraries read: programs and libraries are no secrets, and devices of these names neither.
// Of all processes' folders the kernel lets each user see their own.
constexpr std::array kLibraries = {
    "/usr",        "/lib",        "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl",
    "/etc/pki",    "/etc/gnutls", "/proc",  "/sys/class/net",   "/sys/devices",   "/dev/urandom",
    "/dev/random", "/dev/null"};

constexpr uint16_t kDnsPort = 53;

std::string FolderOf(const std::string& file) {
  const std::string folder = std::filesystem::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

bool IsAddress(const std::string& host) {
  std::array<uint8_t, sizeof(in6_addr)> address{};
  return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text.empty() ? "none" : text;
}

}  // namespace

absl::Status Confinement::LeaveRoot(Keep keep) {
  DFC_ASSIGN_OR_RETURN(const Privileges left, DropPrivileges(options_.user, keep));
  rules_.keep = keep;
  if (left.left_root) user_ = left.user;
  // Who never had any has nothing to tell.
  if (!left.was_root && left.kept.empty()) return absl::OkStatus();
  events_.push_back(fmt::format("event=privileges user={} capabilities={}", LogValue(left.user),
                                Joined(left.kept)));
  return absl::OkStatus();
}

void Confinement::ReadFolderOf(const std::string& file) {
  if (!file.empty()) rules_.read.push_back(FolderOf(file));
}

void Confinement::WriteFolderOf(const std::string& file) {
  if (file.empty()) return;
  WriteFolder(FolderOf(file));
  // SQLite keeps its other files where the file itself is.
  std::error_code none;
  const auto real = std::filesystem::canonical(file, none);
  if (!none) WriteFolder(real.parent_path().string());
}

void Confinement::WriteFolder(const std::string& folder) {
  if (!folder.empty()) rules_.write.push_back(folder);
}

void Confinement::UseStore(const StoreUrl& store) {
  if (store.kind == StoreUrl::Kind::kSqlite) WriteFolderOf(store.path);
  if (store.kind == StoreUrl::Kind::kMysql) UseServer(store);
  // For rows to be sorted that memory does not hold.
  const char* const temporary = std::getenv("TMPDIR");
  WriteFolder(temporary != nullptr ? temporary : "/tmp");
  WriteFolder("/var/tmp");
}

void Confinement::UseServer(const StoreUrl& store) {
  for (const std::string& file : {store.tls_ca, store.tls_cert, store.tls_key}) ReadFolderOf(file);
  if (const char* const file = std::getenv("DFC_PASSWORD_FILE")) ReadFolderOf(file);
  rules_.connect.push_back(store.port);
  bool all_addresses = IsAddress(store.host) || !store.socket.empty();
  for (const StoreHost& host : store.more_hosts) {
    rules_.connect.push_back(host.port);
    all_addresses = all_addresses && IsAddress(host.name);
  }
  if (all_addresses) return;
  // How names are looked up is told by files there that are replaced while this runs; where they
  // are links, it is to a folder below /run.
  rules_.connect.push_back(kDnsPort);
  for (const char* const folder :
       {"/etc", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf", "/run/nscd"}) {
    rules_.read.emplace_back(folder);
  }
}

void Confinement::UseServing(const ServeOptions& serve, const StoreUrl& store) {
  for (const std::string& file : {serve.token_file, serve.tls_cert, serve.tls_key}) {
    ReadFolderOf(file);
  }
  WriteFolderOf(serve.audit_log);
  WebOptions web;
  if (ParseListen(serve.listen, web).ok()) rules_.listen.push_back(web.port);
  if (!serve.allow_import) return;
  WriteFolder(ImportDirectory(serve, store));
  for (std::string& program : OwnProgram()) rules_.run.push_back(std::move(program));
}

absl::Status Confinement::Enter() {
  if (options_.no_sandbox) {
    events_.emplace_back("event=no-sandbox reason=--no-sandbox");
    ForgoNewPrivileges();
    return absl::OkStatus();
  }
  rules_.read.insert(rules_.read.end(), kLibraries.begin(), kLibraries.end());
  DFC_ASSIGN_OR_RETURN(const Sandbox entered, EnterSandbox(rules_));
  if (entered.landlock == 0) {
    events_.emplace_back(
        "event=no-landlock reason=\"the kernel has none: files are guarded by their rights only\"");
  }
  return absl::OkStatus();
}

absl::Status Confinement::InWhoseName(const absl::Status& status) const {
  if (status.ok() || user_.empty()) return status;
  return absl::Status(status.code(),
                      fmt::format("{} (as user {}: see --user)", MessageOf(status), user_));
}

}  // namespace dfc
