#include <fmt/format.h>
#include <unistd.h>

#include "commands.h"
#include "dfc/store.h"
#include "output.h"

namespace dfc {

int InitCommand(const CommonOptions& common) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(common.store);
  if (!url.ok()) return ReportFailure(url.status());

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
