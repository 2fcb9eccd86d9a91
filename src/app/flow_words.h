// Facts about a flow in words, the same in every listing.
// Module: app
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dfc/event.h"

namespace dfc {

// "gap,reorder", "" when there are none.
std::string FlagWords(uint16_t flags);

// The same for a narrow column: "gap,ooo".
std::string ShortFlagWords(uint16_t flags);

// Why content was left out, of each reason that the flags have.
std::vector<const char*> LeftOutSentences(uint16_t flags);

// FlowStateName, with "established" as "estab".
std::string ShortStateName(FlowState state);

// Address and port; most protocols have no ports to show.
std::string ClientText(const FlowRow& row);
std::string ServerText(const FlowRow& row);

// "vxlan 100", "teredo", "" without one.
std::string TunnelText(const Tunnel& tunnel);

// "01-31 08:15:00", UTC.
std::string ShortTime(int64_t time_ns);

}  // namespace dfc
