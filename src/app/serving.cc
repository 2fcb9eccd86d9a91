#include "serving.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "dfc/file.h"
#include "dfc/pipeline.h"
#include "flow_words.h"
#include "icmp_names.h"
#include "icmp_words.h"
#include "output.h"

namespace dfc {
namespace {

constexpr size_t kFileBytesMax = 64 << 10;

// A replay in a process of its own, of what it finds at its standard input.
std::vector<std::string> ImportCommand(const CommonOptions& common) {
  std::vector<std::string> command = {"/proc/self/exe", "--store", common.store, "--sensor",
                                      common.sensor,    "replay",  "--progress", "/dev/stdin"};
  if (!common.config.empty()) {
    command.insert(command.begin() + 1, {"--config", common.config});
  }
  return command;
}

absl::StatusOr<WebOptions> MakeWebOptions(const CommonOptions& common,
                                          const ServeOptions& options) {
  WebOptions web;
  DFC_RETURN_IF_ERROR(ParseListen(options.listen, web));
  DFC_ASSIGN_OR_RETURN(web.store, ParseStoreUrl(common.store));
  web.cache_bytes_max = options.cache_bytes_max;
  web.version = options.version;
  web.host_names = options.host_names;
  web.audit_log = options.audit_log;
  if (!options.token_file.empty()) {
    DFC_ASSIGN_OR_RETURN(const std::string text, ReadSecretFile(options.token_file, kFileBytesMax));
    auto users = ParseUsers(text);
    if (!users.ok()) return Annotate(users.status(), options.token_file);
    web.users = *std::move(users);
  }
  if (!options.tls_cert.empty()) {
    DFC_ASSIGN_OR_RETURN(web.tls_certificate, ReadTextFile(options.tls_cert, kFileBytesMax));
  }
  if (!options.tls_key.empty()) {
    DFC_ASSIGN_OR_RETURN(web.tls_key, ReadSecretFile(options.tls_key, kFileBytesMax));
  }
  if (options.allow_import) {
    web.import = {ImportCommand(common), ImportDirectory(options, web.store),
                  options.import_bytes_max};
  }
  web.words = {FlagWords,         IcmpTypeName,   IcmpCodeName,
               IcmpHasIdentifier, IcmpQuotedText, IcmpDetailsText};
  return web;
}

}  // namespace

std::string ImportDirectory(const ServeOptions& options, const StoreUrl& store) {
  if (!options.import_dir.empty()) return options.import_dir;
  if (store.kind == StoreUrl::Kind::kSqlite) {
    const size_t slash = store.path.rfind('/');
    if (slash == std::string::npos) return ".";
    return store.path.substr(0, std::max<size_t>(slash, 1));
  }
  const char* const temporary = std::getenv("TMPDIR");
  return temporary != nullptr && *temporary != '\0' ? temporary : "/var/tmp";
}

absl::StatusOr<std::unique_ptr<Serving>> Serving::Start(const CommonOptions& common,
                                                        const ServeOptions& options) {
  DFC_ASSIGN_OR_RETURN(const WebOptions web, MakeWebOptions(common, options));
  DFC_ASSIGN_OR_RETURN(std::unique_ptr<WebServer> server, WebServer::Start(web));
  Output(STDOUT_FILENO)
      .Write(fmt::format("{} shows {}; Ctrl-C ends it\n", server->Url(), common.store));
  std::unique_ptr<Serving> serving(new Serving(std::move(server)));
  if (!options.audit_log.empty()) serving->hang_up_.emplace();
  return serving;
}

Serving::~Serving() {
  const std::string cut_short = server_->Stop();
  if (!cut_short.empty()) PrintError(cut_short);
}

void Serving::RunOnce() {
  if (hang_up_ && hang_up_->Came()) {
    const absl::Status reopened = server_->ReopenAuditLog();
    if (!reopened.ok()) PrintError(MessageOf(reopened) + "; the former file is gone on with");
  }
  server_->RunOnce();
}

void ServeBeside(Serving* serving, const std::function<void()>& work) {
  if (serving == nullptr) return work();
  RunBeside(
      work, [&] { serving->RunOnce(); }, kServeRoundNs);
}

}  // namespace dfc
