// The browser's side of a command: all of `dfc serve`, and --serve of those that fill a store.
// Module: app
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dfc/status.h"
#include "dfc/web.h"
#include "hang_up.h"
#include "options.h"

namespace dfc {

// Rounds are due about so often.
inline constexpr int64_t kServeRoundNs = 500'000'000;

class Serving {
 public:
  // Listens, and says on standard output where. Where there is an audit log, SIGHUP opens it again
  // from here on.
  static absl::StatusOr<std::unique_ptr<Serving>> Start(const CommonOptions& common,
                                                        const ServeOptions& options);
  // Ends it, and reports what was cut short.
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  // One thread, which lives as long as this.
  void RunOnce();

 private:
  explicit Serving(std::unique_ptr<WebServer> server) : server_(std::move(server)) {}

  std::unique_ptr<WebServer> server_;
  std::optional<HangUp> hang_up_;  // Where there is an audit log.
};

// Where an import is kept while it comes. There is room for captures beside a store in a file,
// which needs it anyway.
std::string ImportDirectory(const ServeOptions& options, const StoreUrl& store);

// Does `work` in the calling thread, and serves meanwhile unless `serving` is null.
void ServeBeside(Serving* serving, const std::function<void()>& work);

}  // namespace dfc
