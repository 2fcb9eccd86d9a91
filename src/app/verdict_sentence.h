// Why a frame did not become part of a flow, in words.
// Module: app
#pragma once

#include "dfc/verdict.h"

namespace dfc {

// "TCP checksum is wrong". One for each verdict, kOk included.
const char* VerdictSentence(Verdict verdict);

}  // namespace dfc
