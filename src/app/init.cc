#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>

#include "commands.h"
#include "dfc/check.h"
#include "dfc/retention.h"
#include "dfc/store.h"
#include "output.h"

namespace dfc {

namespace {

// Nobody can guess it, and nobody has to think of one.
std::string RandomPassword() {
  std::array<uint8_t, 16> bytes{};
  DFC_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

int PrintGrants(const StoreUrl& url) {
  const std::string passwords[] = {RandomPassword(), RandomPassword(), RandomPassword()};
  const absl::StatusOr<std::string> sql = GrantsSql(url, passwords);
  if (!sql.ok()) return ReportFailure(sql.status());
  Output(STDOUT_FILENO).Write(*sql);
  return kExitDone;
}

}  // namespace

int InitCommand(const CommonOptions& common, const InitOptions& options) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(common.store);
  if (!url.ok()) return ReportFailure(url.status());
  if (options.print_grants) return PrintGrants(*url);

  const absl::StatusOr<int> applied = InitStore(*url);
  if (!applied.ok()) {
    PrintError(MessageOf(applied.status()));
    return kExitFailed;
  }
  Output out(STDOUT_FILENO);
  if (*applied == 0) {
    out.Write(fmt::format("{}: tables are up to date\n", url->Text()));
  } else {
    out.Write(fmt::format("{}: {} migration{} applied\n", url->Text(), *applied,
                          *applied == 1 ? "" : "s"));
  }
  return kExitDone;
}

}  // namespace dfc
