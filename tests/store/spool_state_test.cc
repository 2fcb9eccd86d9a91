// What a running sensor says of its spool, and what others see of it.
#include "dfc/spool_state.h"

#include <gtest/gtest.h>

#include "faulty_files.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

SpoolState Some(uint64_t rows) {
  SpoolState state;
  state.t_ns = kTestTime;
  state.rows_stored = rows;
  state.stored_per_s = UINT64_MAX;
  state.away_since_ns = 5;
  state.reason = "server\naway: why?";
  return state;
}

TEST(SpoolState, ComesBackAsWritten) {
  const TempDir dir;
  FaultyFiles files;
  ASSERT_TRUE(WriteSpoolState(files, dir.path(), Some(3)).ok());
  const auto state = ReadSpoolState(files, dir.path());
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->t_ns, kTestTime);
  EXPECT_EQ(state->rows_stored, 3u);
  EXPECT_EQ(state->stored_per_s, UINT64_MAX);
  EXPECT_EQ(state->away_since_ns, 5);
  EXPECT_EQ(state->reason, "server away: why?");
}

TEST(SpoolState, IsTheOldOneOrTheNewOneWhateverFails) {
  for (const Fault fault : {Fault::kNoSpace, Fault::kIoError, Fault::kTorn}) {
    for (uint64_t call = 0; call < 4; ++call) {
      const TempDir dir;
      FaultyFiles files;
      ASSERT_TRUE(WriteSpoolState(files, dir.path(), Some(1)).ok());
      files.FailAt(call, fault);
      const bool written = WriteSpoolState(files, dir.path(), Some(2)).ok();
      const auto state = ReadSpoolState(files, dir.path());
      ASSERT_TRUE(state.ok()) << state.status();
      EXPECT_EQ(state->rows_stored, written ? 2u : 1u) << call;
    }
  }
}

TEST(SpoolState, IsNotFoundWhereNoSensorHasRun) {
  const TempDir dir;
  FaultyFiles files;
  EXPECT_TRUE(absl::IsNotFound(ReadSpoolState(files, dir.path()).status()));
}

TEST(SpoolContents, AreSeenWhileASensorUsesThem) {
  const TempDir dir;
  FaultyFiles files;
  SpoolOptions options;
  options.directory = dir / "spool";
  auto spool = Spool::Open(options, "gw", 1, files);
  ASSERT_TRUE(spool.ok());
  BlockBuilder builder;
  builder.Add(TestFlow(1)).Add(TestFlow(2));
  ASSERT_TRUE((*spool)->Append(builder.block(), 77).ok());
  const auto contents = LookAtSpool(files, options.directory);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->waiting.rows, 2u);
  EXPECT_EQ(contents->waiting.blocks, 1u);
  EXPECT_EQ(contents->t_oldest_ns, 77);
  EXPECT_EQ(contents->bytes, (*spool)->bytes());
  EXPECT_TRUE(contents->in_use);
  spool->reset();
  EXPECT_FALSE(LookAtSpool(files, options.directory)->in_use);
}

}  // namespace
}  // namespace dfc
