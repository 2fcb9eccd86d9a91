// What the subcommands that read a store share.
// Module: app
#pragma once

#include <memory>
#include <string>

#include "dfc/reader.h"
#include "dfc/status.h"

namespace dfc {

// Opens the store at `url_text` for reading, and never creates one: a missing SQLite file is
// kNotFound, with the way to make one.
absl::StatusOr<std::unique_ptr<Reader>> OpenStoreForReading(const std::string& url_text);

// The flow with this id, or the only one whose id begins with `text`. A whole id is looked up; a
// beginning is compared with every flow of the store.
//   kInvalidArgument  `text` is no id, or more than one flow begins so
//   kNotFound         there is no such flow
absl::StatusOr<StoredFlow> FindFlow(Reader& reader, const std::string& text);

}  // namespace dfc
