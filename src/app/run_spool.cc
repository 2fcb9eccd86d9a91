#include "run_spool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "dfc/log_value.h"
#include "dfc/spool_state.h"

namespace dfc {
namespace {

constexpr const char* kUsualFolder = "/var/spool/data-flow-collect";

bool IsUsual(const std::string& directory) { return directory.empty() || directory == "auto"; }

}  // namespace

std::string SpoolFolder(const std::string& directory, const std::string& sensor) {
  std::string name;
  for (const char letter : sensor) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = std::isalnum(byte) != 0 || letter == '-' || letter == '_' ||
                       (letter == '.' && !name.empty());
    name += plain ? std::string(1, letter) : fmt::format("%{:02X}", byte);
  }
  return fmt::format("{}/{}", IsUsual(directory) ? kUsualFolder : directory, name);
}

absl::StatusOr<std::unique_ptr<RunSpool>> RunSpool::Open(
    const SpoolSettings& settings, const StoreUrl& store, const std::string& sensor,
    const std::function<void(std::string)>& log) {
  std::unique_ptr<RunSpool> run(new RunSpool);
  const bool is_usual = IsUsual(settings.directory);
  if (settings.directory == "none") return run;
  if (is_usual && store.kind != StoreUrl::Kind::kMysql) return run;
  run->folder_ = SpoolFolder(settings.directory, sensor);
  SpoolOptions options;
  options.directory = run->folder_;
  options.bytes_max = settings.bytes_max;
  options.drop_oldest = settings.drop_oldest;
  options.fsync_interval_ns = settings.fsync_interval_ns;
  options.log = log;
  // The folder above; where that fails, so does the next.
  (void)run->files_->MakeDirectory(is_usual ? kUsualFolder : settings.directory);
  auto spool = Spool::Open(std::move(options), sensor, RunEpoch(true), *run->files_);
  if (!spool.ok()) {
    if (!is_usual) return spool.status();
    log(fmt::format("event=no-spool reason={}", LogValue(MessageOf(spool.status()))));
    return std::unique_ptr<RunSpool>(new RunSpool);
  }
  run->spool_ = *std::move(spool);
  run->dead_ = std::make_unique<DeadLetters>(run->folder_, sensor, *run->dead_files_);
  return run;
}

std::unique_ptr<RunSpool> RunSpool::ForDeadLetters(const std::string& directory,
                                                   const std::string& sensor) {
  std::unique_ptr<RunSpool> run(new RunSpool);
  if (directory.empty()) return run;
  run->folder_ = SpoolFolder(directory, sensor);
  (void)run->files_->MakeDirectory(directory);
  (void)run->files_->MakeDirectory(run->folder_);
  run->dead_ = std::make_unique<DeadLetters>(run->folder_, sensor, *run->dead_files_);
  return run;
}

namespace {

// Called by the thread that owns the spool.
SpoolFigures FiguresOf(const Spool& spool, const SpoolState& state) {
  const SpoolAmount current = spool.waiting(Spool::Lane::kCurrent);
  const SpoolAmount backlog = spool.waiting(Spool::Lane::kBacklog);
  const int64_t away_ns = state.away_since_ns == 0 ? 0 : state.t_ns - state.away_since_ns;
  return {.bytes_max = state.bytes_max,
          .bytes = spool.bytes(),
          .rows_waiting = current.rows + backlog.rows,
          .rows_spooled = state.rows_spooled,
          .rows_dropped = state.rows_dropped,
          .rows_unreadable = state.rows_unreadable,
          .rows_dead = state.rows_dead,
          .away_s = static_cast<uint64_t>(std::max<int64_t>(away_ns, 0) / kNsPerSecond)};
}

}  // namespace

SpoolUse RunSpool::use(bool durable, Published<SpoolFigures>& figures) {
  SpoolUse use;
  use.dead_letters = dead_.get();
  if (spool_ == nullptr) return use;
  use.spool = spool_.get();
  use.durable = durable;
  use.tell = [this, &figures](const SpoolState& state) {
    figures.Set(FiguresOf(*spool_, state));
    WriteSpoolState(*files_, folder_, state).IgnoreError();  // Of use to nobody but a watcher.
  };
  return use;
}

}  // namespace dfc
