#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "commands.h"
#include "content_digest.h"
#include "dfc/reader.h"
#include "dfc/time.h"
#include "flow_words.h"
#include "output.h"
#include "reading.h"
#include "record_writer.h"
#include "table.h"
#include "text.h"

namespace dfc {
namespace {

using Digests = std::array<SideDigest, 2>;

// Digests while a listing runs: a reader of its own, since one reader gives one answer at a time.
class DigestSource {
 public:
  explicit DigestSource(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
  absl::StatusOr<Digests> Of(const FlowId& id) { return digest_.Of(*reader_, id); }

 private:
  std::unique_ptr<Reader> reader_;
  ContentDigest digest_;
};

std::vector<Field> Fields(bool digest) {
  using enum Field::Kind;
  std::vector<Field> fields = {
      {"id", kText},
      {"proto", kText},
      {"client", kText},
      {"client_port", kNumber},
      {"server", kText},
      {"server_port", kNumber},
      {"start", kText},
      {"end", kText},
      {"client_packets", kNumber},
      {"server_packets", kNumber},
      {"client_bytes", kNumber},
      {"server_bytes", kNumber},
      {"client_gaps", kNumber},
      {"server_gaps", kNumber},
      {"state", kText},
  };
  if (digest) {
    fields.push_back({"client_sha256", kText});
    fields.push_back({"server_sha256", kText});
  }
  fields.push_back({"community_id", kText});
  fields.push_back({"sensor", kText});
  fields.push_back({"flags", kText});
  fields.push_back({"vlan", kNumber});
  fields.push_back({"tunnel", kText});
  fields.push_back({"tunnel_id", kNumber});
  return fields;
}

// In the order of Fields().
std::vector<std::string> Record(const StoredFlow& flow, const std::optional<Digests>& digests) {
  const FlowRow& row = flow.row;
  const SideCounts& client = row.counts[static_cast<size_t>(Side::kClient)];
  const SideCounts& server = row.counts[static_cast<size_t>(Side::kServer)];
  std::vector<std::string> values = {
      FormatFlowId(row.id),
      ProtocolName(row.protocol),
      FormatAddress(row.client),
      std::to_string(row.client_port),
      FormatAddress(row.server),
      std::to_string(row.server_port),
      FormatTime(row.id.t_start_ns),
      FormatTime(row.t_last_ns),
      std::to_string(client.packets),
      std::to_string(server.packets),
      std::to_string(client.content_bytes),
      std::to_string(server.content_bytes),
      std::to_string(client.gap_bytes),
      std::to_string(server.gap_bytes),
      FlowStateName(row.state),
  };
  if (digests) {
    for (const SideDigest& side : *digests) values.push_back(side.sha256);
  }
  values.push_back(flow.community_id);
  values.push_back(flow.sensor);
  values.push_back(FlagWords(row.flags));
  values.push_back(std::to_string(row.vlan));
  values.push_back(TunnelName(row.tunnel.kind));
  values.push_back(std::to_string(row.tunnel.id));
  return values;
}

std::vector<TableColumn> Columns(bool digest) {
  std::vector<TableColumn> columns = {
      {"ID"},
      {"START"},
      {"PROTO"},
      {.header = "CLIENT", .may_shrink = true},
      {.header = "SERVER", .may_shrink = true},
      {.header = "BYTES", .right_aligned = true},
      {"STATE"},
      {.header = "FLAGS", .may_shrink = true},
  };
  if (digest) {
    columns.push_back({"CLIENT SHA-256"});
    columns.push_back({"SERVER SHA-256"});
  }
  return columns;
}

// In the order of Columns().
std::vector<std::string> Cells(const StoredFlow& flow, const std::optional<Digests>& digests) {
  const FlowRow& row = flow.row;
  std::vector<std::string> cells = {
      FormatFlowId(row.id),
      ShortTime(row.id.t_start_ns),
      ProtocolName(row.protocol),
      ClientText(row),
      ServerText(row),
      HumanBytes(row.counts[0].content_bytes + row.counts[1].content_bytes),
      ShortStateName(row.state),
      ShortFlagWords(row.flags),
  };
  if (digests) {
    for (const SideDigest& side : *digests) cells.push_back(side.sha256);
  }
  return cells;
}

// Calls each(flow, digests) for every flow of the query.
template <typename Each>
absl::Status ForEachFlow(Reader& reader, const FlowQuery& query,
                         std::optional<DigestSource>& source, Each each) {
  absl::Status failed;
  const absl::Status read = reader.Flows(query, [&](const StoredFlow& flow) {
    if (!failed.ok()) return;
    std::optional<Digests> digests;
    if (source) {
      absl::StatusOr<Digests> of_flow = source->Of(flow.row.id);
      if (!of_flow.ok()) {
        failed = of_flow.status();
        return;
      }
      digests = *std::move(of_flow);
    }
    each(flow, digests);
  });
  return read.ok() ? failed : read;
}

absl::Status PrintRecords(Reader& reader, const FlowQuery& query, const ListOptions& options,
                          std::optional<DigestSource>& source, Output& out) {
  const std::vector<Field> fields = Fields(options.digest);
  RecordWriter writer(options.format, fields, out);
  const auto write = [&](const StoredFlow& flow, const std::optional<Digests>& digests) {
    writer.Write(Record(flow, digests));
  };
  DFC_RETURN_IF_ERROR(ForEachFlow(reader, query, source, write));
  writer.Finish();
  return absl::OkStatus();
}

absl::Status PrintTable(Reader& reader, const FlowQuery& query, const ListOptions& options,
                        std::optional<DigestSource>& source, Output& out) {
  // Digests are for comparing, not for fitting a screen.
  const size_t screen = std::max(out.terminal().columns, Terminal().columns);
  const size_t width_max = options.digest ? SIZE_MAX : screen;
  Table table(Columns(options.digest), width_max, out);
  const auto write = [&](const StoredFlow& flow, const std::optional<Digests>& digests) {
    table.Row(Cells(flow, digests));
  };
  DFC_RETURN_IF_ERROR(ForEachFlow(reader, query, source, write));
  table.Finish();
  if (table.rows() == 0) {
    out.Write(query.filter.empty() ? "no flows yet; try: dfc replay FILE\n" : "no flow matches\n");
  }
  if (table.rows() < query.limit) return absl::OkStatus();

  const absl::StatusOr<uint64_t> count = reader.CountFlows(query);
  if (!count.ok()) return count.status();
  if (*count > table.rows()) {
    out.Write(fmt::format("{}and {} more (use --limit)\n", out.terminal().utf8 ? "…" : "...",
                          Grouped(*count - table.rows())));
  }
  return absl::OkStatus();
}

}  // namespace

int FlowsCommand(const CommonOptions& common, const ListOptions& options) {
  const absl::StatusOr<std::unique_ptr<Reader>> reader = OpenStoreForReading(common.store);
  if (!reader.ok()) return ReportFailure(reader.status());
  std::optional<DigestSource> source;
  if (options.digest) {
    absl::StatusOr<std::unique_ptr<Reader>> second = OpenStoreForReading(common.store);
    if (!second.ok()) return ReportFailure(second.status());
    source.emplace(*std::move(second));
  }

  const FlowQuery query{options.query, options.sort, options.limit, WallClockNs()};
  Output out(STDOUT_FILENO);
  const absl::Status printed = options.format == Format::kTable
                                   ? PrintTable(**reader, query, options, source, out)
                                   : PrintRecords(**reader, query, options, source, out);
  out.Flush();
  return printed.ok() ? kExitDone : ReportFailure(Annotate(printed, "query"));
}

}  // namespace dfc
