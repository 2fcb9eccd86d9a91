// What sensors say of themselves, in Prometheus' text format, as others want it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "http.h"
#include "reader_pool.h"

namespace dfc {

// A sensor says something every five seconds; what is older than this is history.
inline constexpr int64_t kStatusFreshNs = 30'000'000'000;

// "dfc_flows" or, where a sample has labels beside the sensor's, "dfc_flows_total{protocol="tcp"}".
// Lines that are no samples are left out.
std::map<std::string, double> FiguresOf(std::string_view status);

// The fresh ones of all sensors, family by family, and when each was heard of last: /metrics.
Response MetricsResponse(ReaderPool& pool, int64_t now_ns);

}  // namespace dfc
