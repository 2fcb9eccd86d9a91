// What of a live capture leaves while it runs, so that an open flow can be read.
#include "engine.h"

namespace dfc {

void FlowEngine::Impl::ShowOpen() {
  // Nothing here makes a flow change, so that all are met once.
  changed_.TakeAll([&](uint32_t at) {
    if (flows_[at].youth == Youth::kAttempt) return;
    content_.Complete(TargetOf(at));
    content_ages_.Remove(at);
    events_.Append(RowType::kFlow, RowOf(flows_[at]));
  });
  WriteLedger();
}

// Nothing in a replay, where the capture thread writes all of it in the end.
void FlowEngine::Impl::WriteLedger() {
  ledger_.TakeChanges([&](const LedgerRow& row) { events_.Append(RowType::kLedger, row); });
}

}  // namespace dfc
