// One pass over three tables in the order of their common key:
//
//   flow    1   2   4          a chunk or message whose flow is not met on the way is an orphan
//   chunk   1 1 2 3 4 4
//   icmp          3
//   pin         2              of what retention has been at, only pinned flows are whole
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "turn_index.h"
#include "verifier.h"

namespace dfc {

namespace {

// The rows of a table by key. Columns 0 and 1 are t_start and flow_hash.
class KeyedRows {
 public:
  KeyedRows(std::unique_ptr<SqlCursor> cursor, bool hash_is_signed)
      : cursor_(std::move(cursor)), hash_is_signed_(hash_is_signed) {}

  absl::Status Next() {
    DFC_ASSIGN_OR_RETURN(found_, cursor_->Next());
    if (found_) id_ = {cursor_->Integer(0), Unsigned(1)};
    return absl::OkStatus();
  }
  bool found() const { return found_; }
  const FlowId& id() const { return id_; }
  const SqlCursor& row() const { return *cursor_; }
  uint64_t Unsigned(int column) const { return static_cast<uint64_t>(cursor_->Integer(column)); }

  // True while there is a row before that of `other` in the store's order.
  bool IsBefore(const KeyedRows& other) const {
    if (!found_ || !other.found_) return found_;
    if (id_.t_start_ns != other.id_.t_start_ns) return id_.t_start_ns < other.id_.t_start_ns;
    const uint64_t flip = hash_is_signed_ ? uint64_t{1} << 63 : 0;
    return (id_.flow_hash ^ flip) < (other.id_.flow_hash ^ flip);
  }
  bool IsOf(const KeyedRows& other) const { return found_ && other.found_ && id_ == other.id_; }

 private:
  std::unique_ptr<SqlCursor> cursor_;
  bool hash_is_signed_;
  bool found_ = false;
  FlowId id_;
};

absl::StatusOr<KeyedRows> OpenRows(Verifier& verifier, const std::string& sql) {
  DFC_ASSIGN_OR_RETURN(auto cursor, verifier.connection.Query(sql, {}));
  KeyedRows rows(std::move(cursor), verifier.hash_is_signed);
  DFC_RETURN_IF_ERROR(rows.Next());
  return rows;
}

constexpr const char* kSideNames[] = {"client", "server"};

// Where a flow's columns begin; those of a side come in this order.
enum FlowColumn { kSensorId = 2, kProtocol, kFlags, kFirstSide };
enum SideColumn {
  kPackets,
  kIpBytes,
  kContent,
  kGap,
  kDuplicate,
  kConflict,
  kRefused,
  kUrgent,
  kShed,
  kSideColumns
};

std::string FlowSql() {
  std::string columns = "t_start, flow_hash, sensor_id, protocol, flags";
  for (const char* side : kSideNames) {
    for (const char* name : {"packets", "ip_bytes", "bytes", "gap_bytes", "duplicate_bytes",
                             "conflict_bytes", "refused_bytes", "urgent_bytes", "shed_bytes"}) {
      columns += fmt::format(", {}_{}", side, name);
    }
  }
  return fmt::format("SELECT {} FROM flow ORDER BY t_start, flow_hash", columns);
}

// What the chunks and messages of one flow come to.
class FlowContent {
 public:
  // `urgent_bytes` is what the flow counts of either side.
  FlowContent(const FlowId& id, std::string sensor, const uint64_t (&urgent_bytes)[2],
              Verifier& verifier)
      : id_(id), sensor_(std::move(sensor)), verifier_(verifier) {
    for (const size_t side : {0, 1}) sides_[side].urgent_counted = urgent_bytes[side];
  }

  // The row is t_start, flow_hash, n, t_first, turns, content.
  void AddChunk(const KeyedRows& chunk);
  void AddMessage(const KeyedRows& message);

  uint64_t content_bytes(size_t side) const { return sides_[side].content; }
  uint64_t gap_bytes(size_t side) const { return sides_[side].gap; }
  void CheckUrgent(size_t side);
  uint64_t messages() const { return messages_; }

  // `what` is put into words only where it is off.
  template <typename... Parts>
  void Expect(uint64_t have, uint64_t want, fmt::format_string<Parts...> what, Parts&&... parts) {
    if (have != want) Report(fmt::format(what, std::forward<Parts>(parts)...), have, want);
  }
  void Report(const std::string& what, std::optional<uint64_t> have = {}, uint64_t want = 0) {
    Finding finding;
    finding.sensor = sensor_;
    finding.flow = id_;
    finding.what = what;
    finding.have = have;
    finding.want = want;
    verifier_.Report(finding);
  }

 private:
  struct SideSums {
    uint64_t next = 0;  // Offset at which the next turn must begin.
    uint64_t content = 0;
    uint64_t gap = 0;
    uint64_t urgent_counted = 0;
    uint64_t urgent = 0;   // In turns.
    uint64_t dropped = 0;  // Offsets passed over without a turn, as --urgent drop leaves them.
  };

  void AddTurn(const IndexedTurn& turn, uint64_t n, uint64_t& position);

  FlowId id_;
  std::string sensor_;
  Verifier& verifier_;
  SideSums sides_[2];
  uint64_t chunks_ = 0;
  uint64_t messages_ = 0;
};

void FlowContent::AddChunk(const KeyedRows& chunk) {
  const uint64_t n = chunk.Unsigned(2);
  Expect(n, chunks_, "number of a chunk");
  chunks_ = n + 1;
  const ByteSpan text = chunk.row().Bytes(4);
  const size_t content_bytes = chunk.row().Bytes(5).size();
  ++verifier_.verified.chunks;
  verifier_.verified.content_bytes += content_bytes;
  Expect(content_bytes, chunk.Unsigned(6), "bytes of content in chunk {}", n);

  TurnIndex index({AsChars(text.data()), text.size()}, content_bytes);
  IndexedTurn turn{};
  uint64_t position = 0;
  bool first = true;
  TurnIndex::Result result{};
  while ((result = index.Next(turn)) == TurnIndex::Result::kTurn) {
    const uint64_t t_ns = static_cast<uint64_t>(id_.t_start_ns) + static_cast<uint64_t>(turn.dt_ns);
    if (first) Expect(chunk.Unsigned(3), t_ns, "t_first of chunk {}", n);
    first = false;
    AddTurn(turn, n, position);
  }
  if (result == TurnIndex::Result::kDamaged) {
    return Report(
        fmt::format("turn index of chunk {} is damaged at byte {}, or names bytes that "
                    "the content of {} bytes does not have",
                    n, index.at(), content_bytes));
  }
  Expect(position, content_bytes, "bytes of content that the turns of chunk {} name", n);
}

// Content as the receiver has it, or a hole in it.
bool IsOfStream(TurnKind kind) {
  return kind == TurnKind::kData || kind == TurnKind::kDatagram || kind == TurnKind::kGap ||
         kind == TurnKind::kUrgent;
}

// Turns lie one behind the other, in the content as in their side's stream. Other kinds have bytes
// beside the stream: another copy that differs, for one.
void FlowContent::AddTurn(const IndexedTurn& turn, uint64_t n, uint64_t& position) {
  const auto at = static_cast<size_t>(turn.side);
  SideSums& side = sides_[at];
  Expect(turn.position, position, "position of a turn in chunk {}", n);
  if (turn.kind != TurnKind::kGap) position = turn.position + turn.length;
  if (!IsOfStream(turn.kind)) return;
  const uint64_t hole = turn.offset > side.next ? turn.offset - side.next : 0;
  if (hole <= side.urgent_counted - std::min(side.urgent_counted, side.urgent + side.dropped)) {
    side.dropped += hole;
    side.next += hole;
  }
  Expect(turn.offset, side.next, "offset of a {} turn in chunk {}", kSideNames[at], n);
  side.next = turn.offset + turn.length;
  if (turn.kind == TurnKind::kUrgent) {
    side.urgent += turn.length;
  } else {
    (turn.kind == TurnKind::kGap ? side.gap : side.content) += turn.length;
  }
}

// A run either keeps all urgent bytes or drops them all; one dropped at the stream's end leaves no
// trace but the count.
void FlowContent::CheckUrgent(size_t side) {
  const SideSums& sums = sides_[side];
  if (sums.urgent == 0) return;
  Expect(sums.urgent, sums.urgent_counted, "{} urgent bytes in turns", kSideNames[side]);
}

void FlowContent::AddMessage(const KeyedRows& message) {
  Expect(message.Unsigned(2), messages_, "number of an ICMP message");
  messages_ = message.Unsigned(2) + 1;
  ++verifier_.verified.icmp_messages;
}

// Rows of one flow that is not there.
absl::Status ReportOrphan(KeyedRows& rows, const char* what, Verifier& verifier) {
  Finding finding;
  finding.flow = rows.id();
  finding.have = 0;
  finding.what = fmt::format("{} without their flow", what);
  while (rows.found() && rows.id() == *finding.flow) {
    ++*finding.have;
    DFC_RETURN_IF_ERROR(rows.Next());
  }
  if (verifier.Keeps(finding.flow->t_start_ns)) verifier.Report(finding);
  return absl::OkStatus();
}

class FlowPass {
 public:
  FlowPass(Verifier& verifier, KeyedRows flows, KeyedRows chunks, KeyedRows messages,
           KeyedRows pins)
      : verifier_(verifier),
        flows_(std::move(flows)),
        chunks_(std::move(chunks)),
        messages_(std::move(messages)),
        pins_(std::move(pins)) {}

  absl::Status Run() {
    while (flows_.found()) {
      DFC_RETURN_IF_ERROR(TakeOrphans());
      while (pins_.IsBefore(flows_)) DFC_RETURN_IF_ERROR(pins_.Next());
      const bool whole = verifier_.Keeps(flows_.id().t_start_ns) || pins_.IsOf(flows_);
      DFC_RETURN_IF_ERROR(whole ? CheckFlow() : PassOver());
      DFC_RETURN_IF_ERROR(flows_.Next());
    }
    return TakeOrphans();
  }

 private:
  absl::Status TakeOrphans() {
    while (chunks_.IsBefore(flows_)) {
      DFC_RETURN_IF_ERROR(ReportOrphan(chunks_, "chunks", verifier_));
    }
    while (messages_.IsBefore(flows_)) {
      DFC_RETURN_IF_ERROR(ReportOrphan(messages_, "ICMP messages", verifier_));
    }
    return absl::OkStatus();
  }

  absl::Status CheckFlow();
  absl::Status PassOver();
  void AddToSensor();
  uint64_t Count(size_t side, SideColumn column) const {
    return flows_.Unsigned(kFirstSide + static_cast<int>(side) * kSideColumns + column);
  }
  bool LeavesOut() const {
    return (flows_.Unsigned(kFlags) & (kFlowContentLimit | kFlowNoContent | kFlowOverload)) != 0;
  }
  bool IsIcmpFlow() const { return IsIcmp(static_cast<uint8_t>(flows_.Unsigned(kProtocol))); }

  Verifier& verifier_;
  KeyedRows flows_, chunks_, messages_, pins_;
};

// What retention has left of a flow, or what came of it since.
absl::Status FlowPass::PassOver() {
  while (chunks_.IsOf(flows_)) DFC_RETURN_IF_ERROR(chunks_.Next());
  while (messages_.IsOf(flows_)) DFC_RETURN_IF_ERROR(messages_.Next());
  return absl::OkStatus();
}

absl::Status FlowPass::CheckFlow() {
  ++verifier_.verified.flows;
  const uint64_t sensor_id = flows_.Unsigned(kSensorId);
  const uint64_t urgent_bytes[] = {Count(0, kUrgent), Count(1, kUrgent)};
  FlowContent content(flows_.id(), verifier_.SensorName(sensor_id), urgent_bytes, verifier_);
  if (!verifier_.sensors.contains(sensor_id)) {
    content.Report(fmt::format("sensor number {} has no name", sensor_id));
  }
  while (chunks_.IsOf(flows_)) {
    content.AddChunk(chunks_);
    DFC_RETURN_IF_ERROR(chunks_.Next());
  }
  while (messages_.IsOf(flows_)) {
    content.AddMessage(messages_);
    DFC_RETURN_IF_ERROR(messages_.Next());
  }
  for (size_t side = 0; side < 2; ++side) {
    content.Expect(content.content_bytes(side), Count(side, kContent), "{} bytes in turns",
                   kSideNames[side]);
    // Of a side whose content is left out, holes are counted, and have no turn.
    if (!LeavesOut() || content.gap_bytes(side) > Count(side, kGap)) {
      content.Expect(content.gap_bytes(side), Count(side, kGap), "{} gap bytes in turns",
                     kSideNames[side]);
    }
    content.CheckUrgent(side);
  }
  const uint64_t packets = Count(0, kPackets) + Count(1, kPackets);
  content.Expect(content.messages(), IsIcmpFlow() ? packets : 0, "ICMP messages");
  if (verifier_.Keeps(flows_.id().t_start_ns)) AddToSensor();
  return absl::OkStatus();
}

void FlowPass::AddToSensor() {
  SensorSums& sums = verifier_.sums[flows_.Unsigned(kSensorId)];
  const auto protocol = static_cast<uint8_t>(flows_.Unsigned(kProtocol));
  const auto kind = static_cast<size_t>(FlowOutcome(protocol));
  const bool tcp = protocol == kTcp;
  const auto stored = static_cast<size_t>(tcp ? Outcome::kTcpStored : Outcome::kDatagramStored);
  for (size_t side = 0; side < 2; ++side) {
    sums.flow_packets[kind] += Count(side, kPackets);
    sums.flow_bytes[kind] += Count(side, kIpBytes);
    sums.flow_bytes[stored] += Count(side, kContent);
    if (!tcp) {
      sums.flow_bytes[static_cast<size_t>(Outcome::kDatagramConflict)] += Count(side, kConflict);
      sums.flow_left_out_bytes += Count(side, kShed);
    }
    for (const SideColumn why : {kDuplicate, kConflict, kRefused, kUrgent, kShed}) {
      if (tcp) sums.flow_discarded_bytes += Count(side, why);
    }
  }
}

// Errors that name a flow which was known when they came.
absl::Status VerifyQuotes(Verifier& verifier) {
  DFC_ASSIGN_OR_RETURN(
      KeyedRows rows,
      OpenRows(verifier,
               "SELECT i.t_start, i.flow_hash, i.about_t_start, i.about_flow_hash FROM icmp i"
               " LEFT JOIN flow f ON f.t_start = i.about_t_start"
               " AND f.flow_hash = i.about_flow_hash"
               " WHERE i.quote_found = 1 AND f.t_start IS NULL"));
  while (rows.found()) {
    const uint64_t t_start = rows.Unsigned(2);
    Finding finding;
    finding.flow = rows.id();
    finding.what =
        fmt::format("an ICMP message is about flow {:016x}{:016x}, which is not in the store",
                    t_start, rows.Unsigned(3));
    if (verifier.Keeps(rows.row().Integer(2))) verifier.Report(finding);
    DFC_RETURN_IF_ERROR(rows.Next());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyFlows(Verifier& verifier) {
  DFC_ASSIGN_OR_RETURN(KeyedRows flows, OpenRows(verifier, FlowSql()));
  DFC_ASSIGN_OR_RETURN(
      KeyedRows chunks,
      OpenRows(verifier,
               "SELECT t_start, flow_hash, n, t_first, turns, content, content_bytes"
               " FROM v_content ORDER BY t_start, flow_hash, n"));
  DFC_ASSIGN_OR_RETURN(KeyedRows messages, OpenRows(verifier,
                                                    "SELECT t_start, flow_hash, n FROM icmp"
                                                    " ORDER BY t_start, flow_hash, n"));
  DFC_ASSIGN_OR_RETURN(
      KeyedRows pins,
      OpenRows(verifier, "SELECT t_start, flow_hash FROM pin ORDER BY t_start, flow_hash"));
  {
    FlowPass pass(verifier, std::move(flows), std::move(chunks), std::move(messages),
                  std::move(pins));
    DFC_RETURN_IF_ERROR(pass.Run());
  }
  return VerifyQuotes(verifier);
}

}  // namespace dfc
