#include "flow_cache.h"

namespace dfc {

FlowCache::FlowCache(uint64_t bytes_max)
    : shelf_(std::make_unique<Shelf>(bytes_max / sizeof(FlowBrief))) {}

FlowCache::~FlowCache() = default;

}  // namespace dfc
