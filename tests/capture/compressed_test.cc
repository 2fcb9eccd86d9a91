#include <gtest/gtest.h>

#include "capture_bytes.h"
#include "compress.h"

namespace dfc {
namespace {

using Packer = std::string (*)(const std::string&);

struct Format {
  const char* name;
  Packer pack;
};

class CompressedCapture : public testing::TestWithParam<Format> {
 protected:
  static std::string Pack(const std::string& plain) { return GetParam().pack(plain); }
};

// 300 frames of 1,000 bytes that do not compress well: several blocks of every format.
std::string LongCapture() {
  std::string capture = Pcap();
  uint32_t state = 1;
  for (uint32_t n = 0; n < 300; ++n) {
    std::string frame(1'000, '\0');
    for (char& byte : frame) {
      state = state * 1'664'525 + 1'013'904'223;
      byte = static_cast<char>(state >> 24);
    }
    capture += Record(n, 0, frame);
  }
  return capture;
}

TEST_P(CompressedCapture, ReadsAsThePlainOne) {
  const std::string plain = LongCapture();
  const Reading expected = Read(plain);
  const Reading reading = Read(Pack(plain));
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_EQ(reading.frames, expected.frames);
  EXPECT_EQ(reading.fingerprint, expected.fingerprint);
}

TEST_P(CompressedCapture, ReadsPcapng) {
  EXPECT_EQ(Read(Pack(Section() + Interface() + PacketBlock(0, 1, "a"))).Texts(), "a");
}

TEST_P(CompressedCapture, ArrivesByteByByte) {
  const Reading reading = Read(Pack(Pcap() + Record(1, 0, "a")), "", 1);
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_EQ(reading.Texts(), "a");
}

TEST_P(CompressedCapture, JoinsFrames) {
  const std::string packed = Pack(Pcap() + Record(1, 0, "first").substr(0, 7)) + Pack("") +
                             Pack(Record(1, 0, "first").substr(7)) + Pack(Record(2, 0, "second"));
  for (const size_t piece_bytes : {size_t{1}, size_t{7}, SIZE_MAX}) {
    const Reading reading = Read(packed, "", piece_bytes);
    EXPECT_TRUE(reading.status.ok()) << reading.status;
    EXPECT_EQ(reading.Texts(), "first second");
  }
}

TEST_P(CompressedCapture, CutAnywhereGivesWhatCouldBeDecoded) {
  const std::string packed = Pack(Pcap() + Record(1, 0, "first") + Record(2, 0, "second"));
  for (size_t cut = 4; cut < packed.size(); ++cut) {
    const Reading reading = Read(packed.substr(0, cut));
    EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss) << cut << reading.status;
    EXPECT_NE(reading.message().find(std::string(GetParam().name) + " data is cut short"),
              std::string::npos)
        << reading.message();
    EXPECT_NE(reading.message().find("nothing could be read from offset "), std::string::npos)
        << reading.message();
  }
}

TEST_P(CompressedCapture, CutLateGivesTheFramesBefore) {
  const std::string packed = Pack(LongCapture());
  const Reading reading = Read(packed.substr(0, packed.size() * 3 / 4));
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_GT(reading.frames.size(), 100u);
}

TEST_P(CompressedCapture, ChangedBytesAreSurvived) {
  const std::string packed = Pack(Pcap() + Record(1, 0, "first") + Record(2, 0, "second"));
  for (size_t at = 0; at < packed.size(); ++at) {
    std::string changed = packed;
    changed[at] = static_cast<char>(~changed[at]);
    // Without a checksum a changed length makes other data, even more records: but few.
    EXPECT_LE(Read(changed).frames.size(), 20u) << "byte " << at;
  }
}

TEST_P(CompressedCapture, GarbageBehindIsDamage) {
  const Reading reading = Read(Pack(Pcap() + Record(1, 0, "a")) + "garbage and more of it");
  EXPECT_EQ(reading.Texts(), "a");
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(reading.message().find("data is damaged"), std::string::npos);
  EXPECT_NE(reading.message().find("from offset 41 on"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Formats, CompressedCapture,
                         testing::Values(Format{"gzip", Gzip}, Format{"zstd", Zstd},
                                         Format{"lz4", Lz4}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(Gzip, MayBePaddedWithZeros) {
  const Reading reading = Read(Gzip(Pcap() + Record(1, 0, "a")) + std::string(512, '\0'));
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_EQ(reading.Texts(), "a");
}

TEST(Zstd, MayBeginWithASkippableFrame) {
  const std::string skippable = Bytes().U32(0x184D2A50).U32(4).Text("skip").str();
  EXPECT_EQ(Read(skippable + Zstd(Pcap() + Record(1, 0, "a"))).Texts(), "a");
}

}  // namespace
}  // namespace dfc
