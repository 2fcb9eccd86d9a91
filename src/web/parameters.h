// Parameters of a request, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dfc/reader.h"
#include "dfc/status.h"
#include "http.h"

namespace dfc {

// That no value is too long or not UTF-8.
absl::Status CheckParameters(const Request& request);

// The number, or `otherwise` where it is not given. kInvalidArgument outside of [least, most].
absl::StatusOr<uint64_t> NumberParameter(const Request& request, std::string_view name,
                                         uint64_t least, uint64_t most, uint64_t otherwise);

// One of `words`, which are literals, the first where it is not given.
absl::StatusOr<std::string_view> WordParameter(const Request& request, std::string_view name,
                                               std::initializer_list<std::string_view> words);

// Nothing where it is not given.
absl::StatusOr<std::optional<int64_t>> TimeParameter(const Request& request, std::string_view name);
absl::StatusOr<std::optional<Side>> SideParameter(const Request& request);

// q, from and to.
absl::StatusOr<FlowQuery> QueryParameters(const Request& request, int64_t now_ns);

}  // namespace dfc
