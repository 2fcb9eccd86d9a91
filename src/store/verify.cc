#include "dfc/verify.h"

#include "verifier.h"

namespace dfc {

namespace {

absl::Status ReadSensors(Verifier& verifier) {
  DFC_ASSIGN_OR_RETURN(const auto row,
                       verifier.connection.Query("SELECT sensor_id, name FROM sensor", {}));
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, row->Next());
    if (!found) break;
    const ByteSpan name = row->Bytes(1);
    verifier.sensors[static_cast<uint64_t>(row->Integer(0))] =
        std::string(AsChars(name.data()), name.size());
  }
  verifier.verified.sensors = verifier.sensors.size();
  return absl::OkStatus();
}

absl::Status CountMarkers(Verifier& verifier) {
  DFC_ASSIGN_OR_RETURN(const auto row, verifier.connection.Query("SELECT COUNT(*) FROM batch", {}));
  DFC_ASSIGN_OR_RETURN(const bool found, row->Next());
  if (found) verifier.verified.unfinished_blocks = static_cast<uint64_t>(row->Integer(0));
  return absl::OkStatus();
}

absl::Status ReadRetention(Verifier& verifier) {
  DFC_ASSIGN_OR_RETURN(const auto row,
                       verifier.connection.Query("SELECT t_before FROM retention", {}));
  DFC_ASSIGN_OR_RETURN(const bool found, row->Next());
  if (!found || row->Integer(0) == verifier.kept_from_ns) return absl::OkStatus();
  verifier.kept_from_ns = row->Integer(0);
  verifier.verified.kept_from_ns = verifier.kept_from_ns;
  return absl::OkStatus();
}

// What a sensor's flows have in sum, and its ledger.
struct Total {
  const char* what;
  uint64_t flows;
  uint64_t ledger;
};

std::vector<Total> TotalsOf(const SensorSums& sums) {
  const auto at = [](Outcome outcome) { return static_cast<size_t>(outcome); };
  const auto packets = [&](const char* what, Outcome outcome) {
    return Total{what, sums.flow_packets[at(outcome)], sums.packets[at(outcome)]};
  };
  const auto bytes = [&](const char* what, Outcome outcome) {
    return Total{what, sums.flow_bytes[at(outcome)], sums.bytes[at(outcome)]};
  };
  uint64_t discarded = 0;
  for (const Outcome why :
       {Outcome::kTcpDuplicate, Outcome::kTcpConflict, Outcome::kTcpUrgent,
        Outcome::kTcpUrgentDropped, Outcome::kTcpOutOfWindow, Outcome::kTcpShed,
        Outcome::kTcpContentLimit, Outcome::kTcpNoContent, Outcome::kTcpOverload}) {
    discarded += sums.bytes[at(why)];
  }
  uint64_t left_out = 0;
  for (const Outcome why :
       {Outcome::kDatagramContentLimit, Outcome::kDatagramNoContent, Outcome::kDatagramOverload}) {
    left_out += sums.bytes[at(why)];
  }
  return {
      packets("packets of all TCP flows", Outcome::kFlowTcp),
      packets("packets of all UDP flows", Outcome::kFlowUdp),
      packets("packets of all ICMP flows", Outcome::kFlowIcmp),
      packets("packets of all ICMPv6 flows", Outcome::kFlowIcmpv6),
      packets("packets of all other flows", Outcome::kFlowOther),
      bytes("IP bytes of all TCP flows", Outcome::kFlowTcp),
      bytes("IP bytes of all UDP flows", Outcome::kFlowUdp),
      bytes("IP bytes of all ICMP flows", Outcome::kFlowIcmp),
      bytes("IP bytes of all ICMPv6 flows", Outcome::kFlowIcmpv6),
      bytes("IP bytes of all other flows", Outcome::kFlowOther),
      bytes("content bytes of all TCP flows", Outcome::kTcpStored),
      bytes("content bytes of all other flows", Outcome::kDatagramStored),
      bytes("conflicting bytes of all other flows", Outcome::kDatagramConflict),
      {"TCP bytes of all flows that were not stored", sums.flow_discarded_bytes, discarded},
      {"bytes of all other flows that were left out", sums.flow_left_out_bytes, left_out},
  };
}

// The flows of several inputs may be the same ones, seen twice: then the ledger has more.
void VerifyTotals(Verifier& verifier) {
  for (const auto& [sensor_id, sums] : verifier.sums) {
    const bool at_most = sums.sources.size() > 1 || verifier.verified.kept_from_ns;
    for (const Total& total : TotalsOf(sums)) {
      if (total.flows == total.ledger || (at_most && total.flows < total.ledger)) continue;
      Finding finding;
      finding.sensor = verifier.SensorName(sensor_id);
      finding.what = total.what;
      finding.have = total.flows;
      finding.want = total.ledger;
      finding.at_most = at_most;
      verifier.Report(finding);
    }
  }
}

}  // namespace

absl::StatusOr<Verified> VerifyStore(const StoreUrl& url,
                                     const std::function<void(const Finding&)>& each) {
  if (url.kind == StoreUrl::Kind::kNull) {
    return absl::InvalidArgumentError("null: keeps nothing that could be read; name another store");
  }
  const bool sqlite = url.kind == StoreUrl::Kind::kSqlite;
  DFC_ASSIGN_OR_RETURN(const auto connection,
                       sqlite ? OpenSqliteForReading(url) : OpenMysqlForReading(url));
  Verifier verifier{*connection, each, sqlite, {}, {}, {}};
  DFC_RETURN_IF_ERROR(ReadSensors(verifier));
  DFC_RETURN_IF_ERROR(CountMarkers(verifier));
  DFC_RETURN_IF_ERROR(ReadRetention(verifier));
  DFC_RETURN_IF_ERROR(VerifyLedger(verifier));
  DFC_RETURN_IF_ERROR(VerifyFlows(verifier));
  VerifyTotals(verifier);
  return verifier.verified;
}

}  // namespace dfc
