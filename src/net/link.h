// Link layers: what stands before the IP header.
#pragma once

#include "walk.h"

namespace dfc {

// Finds the IP header behind the link header and whatever is stacked on it. On kOk the walk's bytes
// begin with the IP header, as far as it was captured.
Verdict DecodeLink(uint16_t link_type, Walk& walk);

}  // namespace dfc
