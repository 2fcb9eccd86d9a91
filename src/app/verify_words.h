// What `dfc verify` found, in words.
// Module: app
#pragma once

#include <string>

#include "dfc/verify.h"

namespace dfc {

// "sensor default, 2026-11-23T01:59:00Z: delivered packets in flows: 10, must be 12 (2 too few)".
std::string FindingLine(const Finding& finding);

// "2 findings in 1 sensor, 3 minutes, 95 flows, 120 chunks with 2.36 MB, 30 ICMP messages". With
// markers of an unfinished run a second line tells of them.
std::string VerifiedText(const Verified& verified);

}  // namespace dfc
