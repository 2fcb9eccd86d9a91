// Captures cut at every byte: what came before the cut is delivered, and the cut is told.
#include <gtest/gtest.h>

#include <cstdio>

#include "capture_bytes.h"

namespace dfc {
namespace {

// `parts` are a capture's headers and records; `frames` tells how many frames lie in the first
// 1, 2, ... parts. Tries every length of the whole, each delivered in pieces of `piece_bytes`.
void CutEverywhere(const std::vector<std::string>& parts, const std::vector<size_t>& frames,
                   size_t piece_bytes) {
  std::string whole;
  for (const std::string& part : parts) whole += part;
  size_t frames_before = 0;
  size_t part = 0;
  size_t part_at = 0;
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    if (cut == part_at + parts[part].size()) {
      frames_before = frames[part];
      part_at = cut;
      ++part;
    }
    const bool at_edge = cut == part_at && cut > 0;
    const Reading reading = Read(whole.substr(0, cut), "", piece_bytes);
    SCOPED_TRACE(testing::Message() << "cut at " << cut << ": " << reading.status);
    EXPECT_EQ(reading.opened, part > 0);
    EXPECT_EQ(reading.frames.size(), frames_before);
    EXPECT_EQ(reading.status.ok(), at_edge);
    if (at_edge || cut == 0) continue;
    EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
    const size_t offset = part > 0 ? part_at : cut;
    EXPECT_NE(reading.message().find(" offset " + std::to_string(offset)), std::string::npos);
  }
}

TEST(CutCapture, PcapIsReadUpToTheCut) {
  for (const uint32_t magic : {kMicroMagic, kModifiedMagic}) {
    for (const Order order : {Order::kLittle, Order::kBig}) {
      const PcapHeader header{.order = order, .magic = magic};
      CutEverywhere({Pcap(header), Record(1, 0, "first", 0, header), Record(2, 0, "", 0, header),
                     Record(3, 0, "third", 0, header)},
                    {0, 1, 2, 3}, SIZE_MAX);
    }
  }
}

TEST(CutCapture, PcapngIsReadUpToTheCut) {
  CutEverywhere({Section(Order::kLittle, Option(1, "comment")), Interface(TimeResolution(9)),
                 PacketBlock(0, 1, "first"), SimplePacketBlock("second"),
                 Block(0x0BAD, Bytes().U64(0)), Section(), Interface(), PacketBlock(0, 1, "third")},
                {0, 0, 1, 2, 2, 2, 2, 3}, SIZE_MAX);
}

TEST(CutCapture, PiecesOfOneByteChangeNothing) {
  CutEverywhere({Pcap(), Record(1, 0, "first"), Record(2, 0, "second")}, {0, 1, 2}, 1);
  CutEverywhere({Section(), Interface(), PacketBlock(0, 1, "first"), Block(0x0BAD, Bytes().U64(0))},
                {0, 0, 1, 1}, 1);
}

TEST(CutCapture, EveryChangedByteIsSurvived) {
  const std::string captures[] = {Pcap() + Record(1, 0, "first") + Record(2, 0, "second"),
                                  Section() + Interface(TimeResolution(9)) +
                                      PacketBlock(0, 1, "first") + SimplePacketBlock("second") +
                                      Block(0x0BAD, Bytes().U64(0))};
  for (const std::string& capture : captures) {
    for (size_t at = 0; at < capture.size(); ++at) {
      for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
        std::string changed = capture;
        changed[at] = static_cast<char>(value);
        EXPECT_LE(Read(changed).frames.size(), 2u) << "byte " << at << " = " << value;
      }
    }
  }
}

TEST(CutCapture, StatusStaysAfterTheEnd) {
  const std::string cut = Pcap() + Record(1, 0, "first").substr(0, 18);
  const std::string path = testing::TempDir() + "dfc_cut_test.pcap";
  FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fwrite(cut.data(), 1, cut.size(), file);
  std::fclose(file);
  auto source = OpenCaptureFile(path, "");
  std::remove(path.c_str());
  ASSERT_TRUE(source.ok()) << source.status();
  Frame frame;
  for (int call = 0; call < 3; ++call) EXPECT_FALSE((*source)->Next(frame));
  EXPECT_EQ(MessageOf((*source)->status()),
            path + ": record cut short at offset 24 (needs 21 bytes, 18 are left)");
}

}  // namespace
}  // namespace dfc
