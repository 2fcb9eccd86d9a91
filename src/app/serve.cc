#include <csignal>
#include <ctime>

#include "commands.h"
#include "confine.h"
#include "event_lines.h"
#include "output.h"
#include "reading.h"
#include "service.h"
#include "serving.h"

namespace dfc {
namespace {

// SIGINT and SIGTERM wait until they are asked for, in this thread and in those made after it.
sigset_t BlockEndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Before anything of the store is read, and before there are threads.
absl::Status Confine(const CommonOptions& common, const ServeOptions& options,
                     Confinement& confinement) {
  DFC_ASSIGN_OR_RETURN(const StoreUrl url, ParseStoreUrl(common.store));
  DFC_RETURN_IF_ERROR(confinement.LeaveRoot(Keep::kNothing));
  confinement.UseStore(url);
  confinement.UseServing(options, url);
  confinement.ReadFolderOf(common.config);
  return confinement.Enter();
}

}  // namespace

int ServeCommand(const CommonOptions& common, const ServeOptions& options) {
  const EventLines lines;
  const ServiceManager manager;
  Confinement confinement(options.confine);
  const absl::Status confined = Confine(common, options, confinement);
  if (!confined.ok()) return ReportFailure(confined);
  // A mistake in the address of the store is told here, not in the browser. A server that is away
  // may come back.
  const absl::Status store = OpenStoreForReading(common.store).status();
  if (!store.ok() && !absl::IsUnavailable(store))
    return ReportFailure(confinement.InWhoseName(store));

  const sigset_t end_signals = BlockEndSignals();
  const absl::StatusOr<std::unique_ptr<Serving>> serving = Serving::Start(common, options);
  if (!serving.ok()) return ReportFailure(confinement.InWhoseName(serving.status()));
  for (const std::string& event : confinement.events()) lines.Write(event);
  manager.TellReady();
  constexpr timespec kRound = {0, kServeRoundNs};
  while (::sigtimedwait(&end_signals, nullptr, &kRound) < 0) {
    (*serving)->RunOnce();
    if (manager.watchdog_ns() != 0) manager.Tell("WATCHDOG=1");
  }
  manager.TellStopping();
  return kExitDone;
}

}  // namespace dfc
