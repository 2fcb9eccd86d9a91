// The spool of a run: where it is, and opening it.
// Module: app
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dfc/dead_letters.h"
#include "dfc/pipeline.h"
#include "dfc/run_figures.h"
#include "dfc/spool.h"
#include "dfc/spool_files.h"
#include "options.h"

namespace dfc {

// Where sensor `sensor` has its own, below `directory` ("auto" and "" stand for the usual place):
// its name, with % and two digits for what a file's name does not have.
std::string SpoolFolder(const std::string& directory, const std::string& sensor);

// Owns what `SpoolUse` points at. Made before the pipeline, gone after it.
class RunSpool {
 public:
  // Without a spool where `settings` names none, or names "auto" and the store is a file, or the
  // usual place can't be used: the latter is logged.
  static absl::StatusOr<std::unique_ptr<RunSpool>> Open(
      const SpoolSettings& settings, const StoreUrl& store, const std::string& sensor,
      const std::function<void(std::string)>& log);
  // For rows that a replay's store refuses; nothing where no directory is named.
  static std::unique_ptr<RunSpool> ForDeadLetters(const std::string& directory,
                                                  const std::string& sensor);

  // `figures` must live as long as the run.
  SpoolUse use(bool durable, Published<SpoolFigures>& figures);
  // Where it is, and dead letters; "" without either.
  const std::string& folder() const { return folder_; }
  bool has_spool() const { return spool_ != nullptr; }

 private:
  RunSpool() = default;

  std::string folder_;
  // One for each thread: the sink's, and that of the store's.
  std::unique_ptr<SpoolFiles> files_ = SystemSpoolFiles();
  std::unique_ptr<SpoolFiles> dead_files_ = SystemSpoolFiles();
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<DeadLetters> dead_;
};

}  // namespace dfc
