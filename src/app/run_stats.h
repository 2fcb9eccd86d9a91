// What a run tells of itself while it goes on: the file of --stats-file, and the sensor's row in
// the store, from which the browser has it.
// Module: app
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dfc/run_figures.h"
#include "dfc/sensor_status.h"
#include "dfc/store.h"

namespace dfc {

struct RunStatsOptions {
  std::string file;  // "" for none.
  std::string sensor;
  std::string version;
  std::optional<StoreUrl> store;  // Where the sensor's row is; nothing to leave it alone.
};

// In Prometheus' text format. docs/operations.md lists the figures.
std::string StatsText(const RunFigures& figures, const RunStatsOptions& options);

class RunStats {
 public:
  // `figures` must live as long. `log` is given one line when a place can't be written to, and one
  // when it can be again.
  RunStats(const RunFigures& figures, RunStatsOptions options,
           std::function<void(std::string)> log);

  // Does `work` in the calling thread, writes before it, every five seconds meanwhile, and once
  // afterwards; to each place in a thread of its own.
  void Around(const std::function<void()>& work);

 private:
  static void Repeatedly(const std::function<void()>& work, bool wanted,
                         const std::function<void()>& write);
  void WriteFile();
  void WriteToStore();
  void Note(const char* place, const absl::Status& status, bool& failed);

  const RunFigures& figures_;
  const RunStatsOptions options_;
  const std::function<void(std::string)> log_;
  std::unique_ptr<SensorStatusWriter> to_store_;  // Null where nothing is to go there.
  bool file_failed_ = false;
  bool store_failed_ = false;
};

}  // namespace dfc
