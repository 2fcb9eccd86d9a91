// What the engine does with an ICMP message beside keeping its payload.
#include "engine.h"
#include "icmp_exchange.h"

namespace dfc {

void FlowEngine::Impl::UpdateIcmp(const Packet& packet, uint32_t at, Side side,
                                  const ContentPlace& place) {
  Flow& flow = flows_[at];
  const uint32_t n = flow.icmp_messages++;
  ++counters.icmp_messages;
  uint32_t about = kNoFlow;
  FlowId about_id;
  if (packet.icmp.has_quote) {
    const FlowKey key = KeyOf(packet.icmp.quoted);
    about = flows_.Find(key, static_cast<uint32_t>(HashOf(key, table_secret_)));
    about_id.flow_hash = HashOf(key, identity_seed_);
    if (about != kNoFlow && IsExpired(flows_[about], packet.clock_ns)) about = kNoFlow;
    if (about != kNoFlow) about_id = flows_[about].id;
  }
  IcmpPair pair;
  if (packet.icmp.is_query) {
    pair = PairQuery(requests_, exchanges_[flow.extension], at, side, n, packet);
  } else if (about != kNoFlow) {
    pair = PairError(requests_, about, flows_[about].SideOf(packet.icmp.quoted), packet);
  }
  counters.icmp_requests_dropped = requests_.dropped();
  IcmpRow row = IcmpRowOf(packet, flow.id, n, side, pair);
  row.about = about_id;
  row.quote_found = about != kNoFlow;
  row.content_n = place.n;
  row.content_at = place.at;
  row.content_bytes = place.bytes;
  events_.Append(RowType::kIcmp, row);
}

}  // namespace dfc
