// Rows as JSON, the same in every answer.
#pragma once

#include "dfc/reader.h"
#include "dfc/web.h"
#include "json.h"

namespace dfc {

void WriteFlow(const StoredFlow& flow, const WebWords& words, int64_t now_ns, Json& json);
void WriteIcmp(const StoredIcmp& message, const WebWords& words, Json& json);
void WritePing(const StoredPing& ping, const WebWords& words, Json& json);

// "client", "server".
const char* SideName(Side side);
// "data", "gap", "datagram", "conflict", "urgent".
const char* TurnKindName(TurnKind kind);

}  // namespace dfc
