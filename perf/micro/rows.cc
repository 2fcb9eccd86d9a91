// Rows of a block on their way into a statement. Items are rows.
//
// What a database makes of them is measured by perf/store; here only SQLite's whole insert, since
// that is a library.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>

#include "block_rows.h"
#include "bulk_insert.h"
#include "dfc/check.h"
#include "dfc/community_ids.h"
#include "dfc/store.h"
#include "row_columns.h"
#include "row_text.h"
#include "sqlite_connection.h"
#include "temp_dir.h"

namespace dfc {
namespace {

constexpr int64_t kStart = 1'700'000'000'000'000'000;
constexpr uint32_t kFlows = 1'000;
constexpr uint32_t kContentBytes = 200;
constexpr std::string_view kTurns = "[0,0,0,100,0,0],[1,1000000,0,100,0,100]";
constexpr uint32_t kSensor = 1;

template <typename Row>
Row Zero() {
  Row row;
  std::memset(static_cast<void*>(&row), 0, sizeof row);
  return row;
}

FlowRow FlowNumber(uint64_t number) {
  auto row = Zero<FlowRow>();
  // Neither the order of the keys nor the reverse.
  row.id = {kStart + static_cast<int64_t>(number * 7'919 % 1'000'003), number};
  row.t_last_ns = row.id.t_start_ns + 1'000'000;
  ParseAddress("10.1.2.3", row.client);
  ParseAddress("192.0.2.80", row.server);
  row.client_port = static_cast<uint16_t>(number);
  row.server_port = 443;
  row.protocol = kTcp;
  row.state = FlowState::kClosed;
  for (SideCounts& counts : row.counts) counts.packets = counts.ip_bytes = 10 + number % 100;
  return row;
}

uint8_t* RoomIn(EventBlock& block, RowType type, size_t bytes) {
  uint8_t* const room = block.Append(type, bytes);
  DFC_CHECK(room != nullptr);
  return room;
}

// 1,000 flows with a chunk each, `first` and those behind it.
void Fill(EventBlock& block, uint64_t first) {
  block.Clear();
  for (uint64_t number = first; number < first + kFlows; ++number) {
    const FlowRow flow = FlowNumber(number);
    std::memcpy(RoomIn(block, RowType::kFlow, sizeof flow), &flow, sizeof flow);
    auto chunk = Zero<ChunkRow>();
    chunk.id = flow.id;
    chunk.content_bytes = kContentBytes;
    chunk.turns_bytes = kTurns.size();
    uint8_t* at = RoomIn(block, RowType::kChunk, sizeof chunk + kContentBytes + kTurns.size());
    std::memcpy(at, &chunk, sizeof chunk);
    std::memset(at + sizeof chunk, 'x', kContentBytes);
    std::memcpy(at + sizeof chunk + kContentBytes, kTurns.data(), kTurns.size());
  }
}

StoreUrl SqliteIn(const TempDir& dir) {
  StoreUrl url;
  url.path = dir / "t.db";
  return url;
}

// Calls encode(flow, its community id) for flow after flow of a block.
template <typename Encode>
void EncodeFlows(benchmark::State& state, Encode encode) {
  EventBlock block;
  Fill(block, 0);
  BlockRows rows;
  rows.Take(block);
  CommunityIds ids;
  size_t at = 0;
  for (auto _ : state) {
    const auto flow = EventBlock::Load<FlowRow>(rows.flows()[at].data());
    encode(flow, ids.Of(flow));
    at = (at + 1) % kFlows;
  }
  state.SetItemsProcessed(state.iterations());
}

void SortRowsOfBlock(benchmark::State& state) {
  EventBlock block;
  Fill(block, 0);
  BlockRows rows;
  for (auto _ : state) rows.Take(block);
  if (rows.flows().size() != kFlows) state.SkipWithError("rows are missing");
  state.SetItemsProcessed(state.iterations() * block.rows());
}
BENCHMARK(SortRowsOfBlock);

// Part of each of the following ones.
void CommunityIdOfFlow(benchmark::State& state) {
  EncodeFlows(state, [](const FlowRow&, const std::string& id) { benchmark::DoNotOptimize(&id); });
}
BENCHMARK(CommunityIdOfFlow);

void FlowToSqlite(benchmark::State& state) {
  const TempDir dir;
  auto connection = SqliteConnection::Open(SqliteIn(dir), SqliteConnection::Mode::kCreate);
  if (!connection.ok()) return state.SkipWithError("SQLite does not open");
  std::string sql = "SELECT ?";
  for (size_t n = 1; n < std::size(kFlowColumns); ++n) sql += ",?";
  auto statement = (*connection)->Prepare(sql);
  if (!statement.ok()) return state.SkipWithError("SQLite does not prepare");
  EncodeFlows(state, [&](const FlowRow& flow, const std::string& id) {
    EmitFlow(flow, kSensor, id, *statement);
    statement->Reset();
  });
}
BENCHMARK(FlowToSqlite);

// As MariaDB takes them, in columns.
void FlowToArrays(benchmark::State& state) {
  BulkInsert insert("", std::size(kFlowColumns));
  EncodeFlows(state, [&](const FlowRow& flow, const std::string& id) {
    insert.BeginRow();
    EmitFlow(flow, kSensor, id, insert);
    insert.Clear();
  });
}
BENCHMARK(FlowToArrays);

// As MySQL takes them.
void FlowToText(benchmark::State& state) {
  std::string text;
  EncodeFlows(state, [&](const FlowRow& flow, const std::string& id) {
    text.clear();
    RowText row(text);
    row.Begin();
    EmitFlow(flow, kSensor, id, row);
    row.End();
  });
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(FlowToText);

// Blocks of new flows with their content, each a transaction.
void InsertIntoSqlite(benchmark::State& state) {
  const TempDir dir;
  auto store = OpenStore(SqliteIn(dir), "micro");
  if (!store.ok()) return state.SkipWithError("SQLite does not open");
  EventBlock block;
  block.epoch = 1;
  for (auto _ : state) {
    state.PauseTiming();
    Fill(block, kFlows * block.sequence);
    ++block.sequence;
    state.ResumeTiming();
    if (!(*store)->Write(block).ok()) return state.SkipWithError("SQLite does not take the rows");
  }
  state.SetItemsProcessed(state.iterations() * block.rows());
}
BENCHMARK(InsertIntoSqlite)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace dfc
