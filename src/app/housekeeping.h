// What a long-running capture does to its store once a minute: partitions for the days to come, and
// what is too old goes.
// Module: app
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "dfc/retention.h"

namespace dfc {

// One line of an event, for whoever watches.
using EventLog = std::function<void(const std::string&)>;

class Housekeeping {
 public:
  // `stop` ends a round early.
  Housekeeping(const StoreUrl& url, std::string holder, const KeepLimits& limits,
               const std::atomic<bool>& stop, EventLog log)
      : url_(url), holder_(std::move(holder)), log_(std::move(log)) {
    options_.stop = &stop;
    SetLimits(limits);
  }

  // Makes partitions where there are such, before there are rows that would have to be copied, and
  // is connected from then on: what comes of that is not in the capture.
  void Prepare(int64_t now_ns);

  // From any thread: from the next round on.
  void SetLimits(const KeepLimits& limits);

  // One thread, not one that captures. A round that fails is told once, and again when the reason
  // is another one; one that another sensor or a busy store kept from its work only after some.
  void RunOnce(int64_t now_ns);

 private:
  static constexpr int64_t kNoLimit = -1;

  KeepLimits limits() const;
  absl::StatusOr<KeepReport> Keep(const KeepOptions& options, int64_t now_ns);
  void RunWith(const KeepOptions& options, int64_t now_ns);
  void Complain(const std::string& reason);

  StoreUrl url_;
  std::string holder_;
  KeepOptions options_;  // But for the limits.
  std::atomic<int64_t> days_{kNoLimit};
  std::atomic<uint64_t> bytes_{0};  // 0: no limit; nobody can ask for that.
  EventLog log_;
  std::unique_ptr<Keeper> keeper_;  // Null until needed.
  std::string complaint_;           // The last one.
  int missed_rounds_ = 0;           // Since one was done.
};

// Does `work` in the calling thread once the house is prepared, and keeps it meanwhile.
void KeepHouseBeside(Housekeeping& housekeeping, const std::function<void()>& work);

}  // namespace dfc
