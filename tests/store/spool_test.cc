// The spool: order, limits, restarts, and a disk that fails at each of its calls in turn.
//
// Blocks are told by a letter: "a" is sequence 1 with one flow.
#include "dfc/spool.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "faulty_files.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

using Lane = Spool::Lane;
constexpr uint64_t kNow = 7;  // The run's epoch.

BlockBuilder Block(char letter, uint64_t epoch = kNow) {
  const auto sequence = static_cast<uint64_t>(letter - 'a' + 1);
  BlockBuilder builder(sequence, epoch);
  builder.Add(TestFlow(sequence));
  return builder;
}

class SpoolTest : public testing::Test {
 protected:
  SpoolOptions Options() {
    SpoolOptions options;
    options.directory = dir_ / "spool";
    options.segment_bytes = 1'500;  // Two blocks or three.
    return options;
  }
  void Open(const SpoolOptions& options, uint64_t epoch = kNow) {
    spool_.reset();
    auto spool = Spool::Open(options, "gw", epoch, *files_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    spool_ = *std::move(spool);
    epoch_ = epoch;
  }
  void Open(uint64_t epoch = kNow) { Open(Options(), epoch); }

  // Appends each; returns those that were taken.
  std::string Append(const std::string& letters) {
    std::string taken;
    for (const char letter : letters) {
      if (spool_->Append(Block(letter, epoch_).block(), 1).ok()) taken += letter;
    }
    return taken;
  }
  std::string Take(Lane lane, size_t blocks_max = SIZE_MAX) {
    std::string given;
    for (EventBlock block; given.size() < blocks_max && spool_->Next(lane, block);) {
      given += static_cast<char>('a' + block.sequence - 1);
      EXPECT_EQ(block.rows(), 1u);
      given_epoch_ = block.epoch;
    }
    return given;
  }
  void Acknowledge(char letter, uint64_t epoch = kNow) {
    spool_->Acknowledge(epoch, static_cast<uint64_t>(letter - 'a' + 1));
  }
  std::vector<std::string> Segments() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_ / "spool")) {
      if (entry.path().extension() == ".seg") names.push_back(entry.path());
    }
    std::ranges::sort(names);
    return names;
  }

  const TempDir dir_;
  std::unique_ptr<FaultyFiles> files_ = std::make_unique<FaultyFiles>();
  std::unique_ptr<Spool> spool_;
  uint64_t epoch_ = kNow;
  uint64_t given_epoch_ = 0;
};

TEST_F(SpoolTest, GivesBackInOrder) {
  Open();
  EXPECT_EQ(Append("abcdefg"), "abcdefg");
  EXPECT_EQ(Take(Lane::kCurrent), "abcdefg");
  EXPECT_EQ(Take(Lane::kBacklog), "");
  EXPECT_GT(Segments().size(), 1u);
}

TEST_F(SpoolTest, GivesTheRowsThatItTook) {
  Open();
  BlockBuilder builder(1, kNow);
  FillWithEverything(builder);
  ASSERT_TRUE(spool_->Append(builder.block(), 1).ok());
  EventBlock block;
  ASSERT_TRUE(spool_->Next(Lane::kCurrent, block));
  EXPECT_TRUE(std::ranges::equal(block.bytes(), builder.block().bytes()));
}

TEST_F(SpoolTest, AFolderIsForItsOwnerOnly) {
  Open();
  Append("a");
  struct stat facts {};
  ASSERT_EQ(::stat((dir_ / "spool").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(Segments()[0].c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(SpoolTest, AFolderThatOthersMayReadIsRefused) {
  Open();
  spool_.reset();
  for (const mode_t mode : {0755, 0770, 0701}) {
    ASSERT_EQ(::chmod((dir_ / "spool").c_str(), mode), 0);
    const auto spool = Spool::Open(Options(), "gw", kNow, *files_);
    EXPECT_TRUE(absl::IsFailedPrecondition(spool.status())) << spool.status();
  }
}

TEST_F(SpoolTest, ASecondProcessIsRefused) {
  Open();
  const auto second = Spool::Open(Options(), "gw", kNow, *files_);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
}

TEST_F(SpoolTest, WhatWasNotAcknowledgedComesAgainAfterARestart) {
  Open();
  Append("abc");
  EXPECT_EQ(Take(Lane::kCurrent), "abc");
  Open(kNow + 1);
  EXPECT_EQ(Take(Lane::kCurrent), "");
  EXPECT_EQ(Take(Lane::kBacklog), "abc");
  EXPECT_EQ(given_epoch_, kNow);
}

TEST_F(SpoolTest, ASegmentGoesWhenAllOfItIsAcknowledged) {
  Open();
  Append("abcdef");
  const size_t all = Segments().size();
  EXPECT_EQ(Take(Lane::kCurrent), "abcdef");
  Acknowledge('a');
  EXPECT_EQ(Segments().size(), all);
  Acknowledge('d');
  EXPECT_LT(Segments().size(), all);
  EXPECT_GT(spool_->OldestKept(kNow), 1u);
  Acknowledge('f');
  spool_->Rest();
  EXPECT_EQ(Segments().size(), 0u);
  EXPECT_EQ(spool_->OldestKept(kNow), UINT64_MAX);
  EXPECT_EQ(spool_->bytes(), 0u);
}

TEST_F(SpoolTest, PassesByWhatIsAcknowledgedWithoutHavingBeenRead) {
  Open();
  Append("abcd");
  Acknowledge('b');
  EXPECT_EQ(spool_->waiting(Lane::kCurrent).blocks, 2u);
  EXPECT_EQ(Take(Lane::kCurrent), "cd");
}

TEST_F(SpoolTest, HasFewFilesOpenHoweverManyThereAre) {
  constexpr size_t kOpenMax = 2;  // One that is written, one that is read.
  const auto acknowledge_each = [&](Lane lane, size_t blocks) {
    for (size_t n = 0; n < blocks; ++n) {
      const std::string given = Take(lane, 1);
      ASSERT_EQ(given.size(), 1u);
      Acknowledge(given[0]);
      EXPECT_LE(files_->open(), kOpenMax) << given;
    }
  };
  Open();
  Append("abcdefghijklmnopqrstuvwxyz");
  EXPECT_GT(Segments().size(), 5u);
  EXPECT_LE(files_->open(), kOpenMax);
  acknowledge_each(Lane::kCurrent, 9);
  Open(kNow + 1);
  EXPECT_EQ(files_->open(), 0u);
  acknowledge_each(Lane::kBacklog, 15);
}

TEST_F(SpoolTest, WaitsForADescriptor) {
  Open();
  Append("abcdefg");
  files_->without_descriptors = true;
  EXPECT_EQ(Take(Lane::kCurrent), "");
  Acknowledge('a');
  EXPECT_EQ(spool_->counters().unreadable.blocks, 0u);
  files_->without_descriptors = false;
  EXPECT_EQ(Take(Lane::kCurrent), "bcdefg");
}

TEST_F(SpoolTest, GoesOnAfterARest) {
  Open();
  Append("ab");
  Acknowledge('b');
  spool_->Rest();
  Append("cd");
  EXPECT_EQ(Take(Lane::kCurrent), "cd");
}

TEST_F(SpoolTest, EarlierRunsComeOldestFirst) {
  Open(kNow);
  Append("ab");
  Open(kNow + 1);
  Append("c");
  Open(kNow + 2);
  EXPECT_EQ(spool_->EpochsKept(), (std::vector<uint64_t>{kNow, kNow + 1}));
  EXPECT_EQ(Take(Lane::kBacklog, 2), "ab");
  Acknowledge('b', kNow);
  EXPECT_EQ(spool_->EpochsKept(), std::vector<uint64_t>{kNow + 1});
  EXPECT_EQ(Take(Lane::kBacklog), "c");
}

TEST_F(SpoolTest, IsCutWhereItIsTorn) {
  Open();
  Append("ab");
  spool_.reset();
  const std::string path = Segments()[0];
  const auto whole = std::filesystem::file_size(path);
  for (uint64_t bytes = 0; bytes < whole; bytes += 7) {
    std::filesystem::copy_file(path, dir_ / "kept",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(path, bytes);
    Open(kNow + 1);
    const std::string given = Take(Lane::kBacklog);
    EXPECT_TRUE(std::string("ab").starts_with(given)) << given;
    EXPECT_EQ(given.size(), bytes < 304 ? 0 : (bytes - 304) * 2 / (whole - 304)) << bytes;
    spool_.reset();
    std::filesystem::copy_file(dir_ / "kept", path,
                               std::filesystem::copy_options::overwrite_existing);
  }
}

TEST_F(SpoolTest, ADamagedBlockIsCountedAndPassedBy) {
  Open();
  Append("abc");
  spool_.reset();
  std::fstream file(Segments()[0], std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(304 + 48 + 100);
  file.put('\x7F');
  file.close();
  Open(kNow + 1);
  EXPECT_EQ(Take(Lane::kBacklog), "bc");
  EXPECT_EQ(spool_->counters().unreadable.blocks, 1u);
  EXPECT_EQ(spool_->counters().unreadable.rows, 1u);
}

TEST_F(SpoolTest, AnyByteMayBeWrongAndNoBlockIsMadeUp) {
  Open();
  Append("abc");
  spool_.reset();
  const std::string path = Segments()[0];
  const auto bytes = std::filesystem::file_size(path);
  std::filesystem::copy_file(path, dir_ / "kept");
  for (uint64_t at = 0; at < bytes; at += 3) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const auto byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
    file.close();
    Open(kNow + 1);
    const std::string given = Take(Lane::kBacklog);
    EXPECT_TRUE(given == "bc" || given == "ac" || std::string("ab").starts_with(given))
        << given << " at " << at;
    spool_.reset();
    std::filesystem::copy_file(dir_ / "kept", path,
                               std::filesystem::copy_options::overwrite_existing);
  }
}

TEST_F(SpoolTest, AnotherSensorsSegmentStays) {
  Open();
  Append("a");
  spool_.reset();
  auto other = Spool::Open(Options(), "other", kNow + 1, *files_);
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE((*other)->empty(Lane::kBacklog));
  EXPECT_EQ((*other)->counters().segments_aside, 1u);
  EXPECT_EQ(Segments().size(), 1u);
}

TEST_F(SpoolTest, AFullOneRefusesTheNewest) {
  SpoolOptions options = Options();
  options.bytes_max = 3'000;
  Open(options);
  EXPECT_EQ(Append("abcdefghi"), "abcdefg");
  EXPECT_EQ(spool_->counters().refused, 2u);
  EXPECT_EQ(Take(Lane::kCurrent), "abcdefg");
  Acknowledge('g');
  EXPECT_EQ(Append("j"), "j");
}

TEST_F(SpoolTest, OrDropsTheOldestAndSaysWhich) {
  SpoolOptions options = Options();
  options.bytes_max = 3'000;
  options.drop_oldest = true;
  Open(options);
  std::string dropped;
  spool_->OnDropped(
      [&](const EventBlock& block) { dropped += static_cast<char>('a' + block.sequence - 1); });
  EXPECT_EQ(Append("abcdefghi"), "abcdefghi");
  const std::string kept = Take(Lane::kCurrent);
  EXPECT_EQ(dropped + kept, "abcdefghi");
  EXPECT_GE(kept.size(), 3u);
  EXPECT_EQ(spool_->counters().dropped.blocks, dropped.size());
  EXPECT_EQ(spool_->counters().dropped.rows, dropped.size());
}

TEST_F(SpoolTest, DropsNoMoreWhereThatMakesNoRoom) {
  SpoolOptions options = Options();
  options.bytes_max = 3'000;
  options.drop_oldest = true;
  options.fsync_interval_ns = 1;
  Open(options);
  files_->keeps_all = true;
  EXPECT_EQ(Append("abcdefghi"), "abcdefg");
  const uint64_t dropped = spool_->counters().dropped.blocks;
  EXPECT_LT(dropped, 5u);  // The first segment.
  EXPECT_EQ(spool_->waiting(Lane::kCurrent).blocks, 7 - dropped);
  files_->keeps_all = false;
  spool_->Tend(10);
  EXPECT_EQ(Append("jk"), "jk");
}

TEST_F(SpoolTest, SyncsByTheClock) {
  SpoolOptions options = Options();
  options.fsync_interval_ns = 100;
  Open(options);
  Append("a");
  spool_->Tend(1'000);
  EXPECT_EQ(files_->syncs(), 1u);
  Append("b");
  spool_->Tend(1'050);
  EXPECT_EQ(files_->syncs(), 1u);
  spool_->Tend(1'100);
  EXPECT_EQ(files_->syncs(), 2u);
  spool_->Tend(2'000);
  EXPECT_EQ(files_->syncs(), 2u);
}

TEST_F(SpoolTest, SyncsEachBlockWhereNoneMayBeLost) {
  SpoolOptions options = Options();
  options.fsync_interval_ns = 0;
  Open(options);
  Append("ab");
  EXPECT_EQ(files_->syncs(), 2u);
}

// A script with each kind of call in it, and the fault at the n-th of those. What was accepted and
// not acknowledged is there afterwards, in order, with and without a restart; of a block that was
// refused there is nothing, unless the process died over it.
class FaultySpoolTest : public SpoolTest, public testing::WithParamInterface<Fault> {
 protected:
  // False when the script had no n-th call.
  bool Run(uint64_t n, bool restart) {
    Restart();
    std::filesystem::remove_all(dir_ / "spool");
    SpoolOptions options = Options();
    options.fsync_interval_ns = 1;
    Open(options);
    files_->FailAt(n, GetParam());
    std::string accepted = Append("abcd");
    spool_->Tend(10);
    std::string given = Take(Lane::kCurrent, 3);
    if (!given.empty()) Acknowledge(given.back());
    const char done = given.empty() ? '`' : given.back();
    accepted += Append("efg");
    spool_->Tend(20);
    accepted += Append("hi");
    std::string wanted = accepted;
    std::erase_if(wanted, [&](char letter) { return letter <= done; });
    const bool failed = files_->failed();
    EXPECT_FALSE(files_->synced_again) << n;
    if (restart) {
      Restart();
      Open(options, kNow + 1);
    }
    std::string left = Take(restart ? Lane::kBacklog : Lane::kCurrent);
    // What is in a segment that is not done with yet comes again.
    if (restart) std::erase_if(left, [&](char letter) { return letter <= done; });
    EXPECT_EQ(left, wanted) << "fault at call " << n << (restart ? ", restarted" : "");
    EXPECT_TRUE(GetParam() == Fault::kTorn || accepted.size() >= 8) << accepted;
    return failed;
  }
  void Restart() {
    spool_.reset();
    files_ = std::make_unique<FaultyFiles>();
  }
};

TEST_P(FaultySpoolTest, LosesNothingThatItHasAccepted) {
  for (const bool restart : {false, true}) {
    if (!restart && GetParam() == Fault::kTorn) continue;
    uint64_t n = 0;
    while (Run(n, restart)) ++n;
    EXPECT_GT(n, 15u);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, FaultySpoolTest,
                         testing::Values(Fault::kNoSpace, Fault::kIoError, Fault::kShort,
                                         Fault::kTorn));

}  // namespace
}  // namespace dfc
