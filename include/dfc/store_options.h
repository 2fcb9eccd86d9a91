// How rows get into a store.
// Module: store
#pragma once

#include <memory>
#include <string>

#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

struct StoreOptions {
  // MariaDB takes rows as arrays of the binary protocol; false: as text, as every server does.
  bool bulk = true;
  // Content is stored compressed where that saves an eighth of it. It costs the sink's time.
  bool compress = false;
  // A server that is away is not refused: Write() says so.
  bool may_be_away = false;
};

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreUrl& url, const std::string& sensor,
                                                 const StoreOptions& options);

}  // namespace dfc
