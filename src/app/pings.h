// The listing of `dfc icmp --pings`: one line an exchange of requests and replies.
// Module: app
#pragma once

#include "dfc/reader.h"
#include "options.h"
#include "output.h"

namespace dfc {

absl::Status PrintPings(Reader& reader, const FlowQuery& query, Format format, Output& out);

}  // namespace dfc
