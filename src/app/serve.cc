#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <ctime>

#include "commands.h"
#include "dfc/file.h"
#include "dfc/time.h"
#include "dfc/web.h"
#include "flow_words.h"
#include "icmp_names.h"
#include "icmp_words.h"
#include "output.h"
#include "reading.h"

namespace dfc {
namespace {

constexpr size_t kFileBytesMax = 64 << 10;
// Guessing a shorter one is work for an afternoon.
constexpr size_t kTokenBytesMin = 16;

// The file's text. One that others may read is no secret.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, bool is_secret) {
  absl::StatusOr<Fd> fd = OpenForReading(path);
  if (!fd.ok()) return fd.status();
  struct stat facts {};
  if (::fstat(fd->get(), &facts) != 0) return ErrnoStatus(errno, path);
  if (is_secret && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(
        fmt::format("{}: others may read it; run: chmod 600 {}", path, path));
  }
  std::string text(kFileBytesMax, '\0');
  const absl::StatusOr<size_t> bytes =
      ReadFully(*fd, static_cast<uint8_t*>(static_cast<void*>(text.data())), text.size());
  if (!bytes.ok()) return bytes.status();
  text.resize(*bytes);
  return text;
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  absl::StatusOr<std::string> text = ReadSmallFile(path, true);
  if (!text.ok()) return text;
  std::string token = text->substr(0, text->find_first_of("\r\n"));
  if (token.size() < kTokenBytesMin) {
    return absl::InvalidArgumentError(
        fmt::format("{}: a token has {} characters or more; make one with: openssl rand -hex 16",
                    path, kTokenBytesMin));
  }
  return token;
}

absl::StatusOr<WebOptions> MakeWebOptions(const CommonOptions& common, const ServeOptions& serve) {
  WebOptions web;
  DFC_RETURN_IF_ERROR(ParseListen(serve.listen, web));
  DFC_ASSIGN_OR_RETURN(web.store, ParseStoreUrl(common.store));
  web.version = serve.version;
  web.host_names = serve.host_names;
  if (!serve.token_file.empty()) {
    DFC_ASSIGN_OR_RETURN(web.token, ReadToken(serve.token_file));
  }
  if (!serve.tls_cert.empty()) {
    DFC_ASSIGN_OR_RETURN(web.tls_certificate, ReadSmallFile(serve.tls_cert, false));
  }
  if (!serve.tls_key.empty()) {
    DFC_ASSIGN_OR_RETURN(web.tls_key, ReadSmallFile(serve.tls_key, true));
  }
  web.words = {FlagWords,         IcmpTypeName,   IcmpCodeName,
               IcmpHasIdentifier, IcmpQuotedText, IcmpDetailsText};
  return web;
}

// SIGINT and SIGTERM wait until they are asked for, in this thread and in those made after it.
sigset_t BlockEndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

}  // namespace

int ServeCommand(const CommonOptions& common, const ServeOptions& options) {
  const absl::StatusOr<WebOptions> web = MakeWebOptions(common, options);
  if (!web.ok()) return ReportFailure(web.status());
  // A mistake in the address of the store is told here, not in the browser. A server that is away
  // may come back.
  const absl::Status store = OpenStoreForReading(common.store).status();
  if (!store.ok() && !absl::IsUnavailable(store)) return ReportFailure(store);

  const sigset_t end_signals = BlockEndSignals();
  absl::StatusOr<std::unique_ptr<WebServer>> server = WebServer::Start(*web);
  if (!server.ok()) return ReportFailure(server.status());
  {
    Output out(STDOUT_FILENO);
    out.Write(fmt::format("{} shows {}; Ctrl-C ends it\n", (*server)->Url(), common.store));
  }
  constexpr timespec kRound = {0, 500 * kNsPerMs};
  while (::sigtimedwait(&end_signals, nullptr, &kRound) < 0) (*server)->RunOnce();
  return kExitDone;
}

}  // namespace dfc
