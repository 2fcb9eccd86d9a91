// SCTP packets: chunks as datagrams, and the checksum.
#include "sctp.h"

#include <gtest/gtest.h>

#include "carriers.h"
#include "decoded.h"
#include "dfc/crc32c.h"

namespace dfc {
namespace {

FrameBytes Chunk(uint8_t type, std::string_view header, std::string_view text) {
  FrameBytes chunk = Hex(header);
  chunk.insert(chunk.end(), text.begin(), text.end());
  const size_t bytes = chunk.size() + 4;
  const FrameBytes front = {type, 3, static_cast<uint8_t>(bytes >> 8), static_cast<uint8_t>(bytes)};
  return Join({front, chunk, FrameBytes((4 - bytes % 4) % 4, 0)});
}
FrameBytes Data(std::string_view text) { return Chunk(0, "00000001 0001 0001 00000000", text); }
FrameBytes IData(std::string_view text) {
  return Chunk(64, "00000001 0001 0000 00000001 00000000", text);
}
FrameBytes Sack() { return Chunk(3, "00000001 0000ffff 0000 0000", ""); }

// From port 1000 to 80, with the right checksum unless told to.
PacketBuilder Sctp(std::initializer_list<FrameBytes> chunks, bool good = true) {
  FrameBytes bytes = Join({Hex("03e8 0050 12345678 00000000"), Join(chunks)});
  const uint32_t crc = Crc32c(bytes) ^ (good ? 0 : 1);
  for (size_t at = 0; at < 4; ++at) bytes[8 + at] = static_cast<uint8_t>(crc >> (8 * at));
  return PacketBuilder("10.0.0.1", "10.0.0.2", kSctp).Data(bytes);
}

// The datagrams of a packet, "|" between them; the verdict's name when it is refused.
std::string Datagrams(const PacketBuilder& builder, size_t captured = SIZE_MAX) {
  Decoder decoder({.checksums = Checksums::kVerify, .fragment_datagrams_max = 4});
  const FrameBytes bytes = builder.Bytes();
  const GuardedBytes guarded(ByteSpan(bytes).first(std::min(captured, bytes.size())));
  Packet packet{};
  const Verdict verdict =
      decoder.Decode({1, guarded.span(), static_cast<uint32_t>(bytes.size())}, packet);
  if (verdict != Verdict::kOk) return VerdictName(verdict);
  EXPECT_FALSE(packet.continues);
  std::string text;
  if (packet.has_datagram) text.assign(AsChars(packet.payload), packet.payload_bytes);
  while (decoder.NextDatagram(packet)) {
    EXPECT_TRUE(packet.continues && packet.has_datagram);
    text += "|" + std::string(AsChars(packet.payload), packet.payload_bytes);
  }
  return text;
}

// Of fragments that differ each datagram has the bytes that lost in its own place.
TEST(Sctp, EachDatagramHasItsPartOfAConflict) {
  const PacketBuilder good = Sctp({Data("one one one one!"), Data("two two two two!")});
  PacketBuilder evil = good;
  evil.Data(std::string(good.PayloadBytes(), '#'));
  Decoder decoder({.checksums = Checksums::kVerify, .fragment_datagrams_max = 4});
  Packet packet{};
  const auto add = [&](const FrameBytes& frame) {
    return decoder.Decode({1, frame, static_cast<uint32_t>(frame.size())}, packet);
  };
  const FrameBytes last = good.Fragment(72, 100);
  add(good.Fragment(0, 72));
  EXPECT_EQ(add(evil.Fragment(32, 40)), Verdict::kFragmentDuplicate);
  ASSERT_EQ(add(last), Verdict::kOk);
  // Behind the header are 16 bytes of chunk header, 16 of text, and the same again.
  ASSERT_EQ(packet.conflict->run_count, 1u);
  EXPECT_EQ(packet.conflict->bytes, 40u);
  EXPECT_EQ(packet.conflict->runs[0].at, 4u);
  EXPECT_EQ(packet.conflict->runs[0].bytes, 12u);
  ASSERT_TRUE(decoder.NextDatagram(packet));
  ASSERT_EQ(packet.conflict->run_count, 1u);
  EXPECT_EQ(packet.conflict->bytes, 0u);
  EXPECT_EQ(packet.conflict->runs[0].at, 0u);
  EXPECT_EQ(packet.conflict->runs[0].bytes, 12u);
}

TEST(Crc32c, MatchesTheKnownSums) {  // RFC 3720 B.4.
  EXPECT_EQ(Crc32c(FrameBytes(32, 0x00)), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(FrameBytes(32, 0xFF)), 0x62A8AB43u);
  const std::string digits = "123456789";
  EXPECT_EQ(Crc32c(AsBytes(digits.data(), digits.size())), 0xE3069283u);
}

TEST(Crc32c, IsTheSameByTableInEveryLengthAndFromEveryStart) {
  FrameBytes bytes(77);
  for (size_t n = 0; n < bytes.size(); ++n) bytes[n] = static_cast<uint8_t>(n * 41 + 3);
  for (size_t from = 0; from < bytes.size(); ++from) {
    const ByteSpan part = ByteSpan(bytes).subspan(from);
    EXPECT_EQ(Crc32c(part, 7), Crc32cByTable(part, 7)) << from;
  }
}

TEST(Sctp, NamesItsPorts) {
  const Packet packet = Decode(Sctp({Data("x")})).packet;
  EXPECT_EQ(packet.tuple.source_port, 1000);
  EXPECT_EQ(packet.tuple.destination_port, 80);
}

TEST(Sctp, GivesEachChunkOfDataAsADatagram) {
  EXPECT_EQ(Datagrams(Sctp({Data("one")})), "one");
  EXPECT_EQ(Datagrams(Sctp({Sack(), Data("one"), IData("two"), Sack(), Data("three")})),
            "one|two|three");
}

TEST(Sctp, OfControlAloneHasNoDatagram) {
  EXPECT_EQ(Datagrams(Sctp({Sack()})), "");
  EXPECT_EQ(Datagrams(Sctp({})), "");
  EXPECT_FALSE(Decode(Sctp({Sack()})).packet.has_datagram);
}

TEST(Sctp, ForgetsTheChunksOfAnEarlierFrame) {
  Decoder decoder({.checksums = Checksums::kVerify, .fragment_datagrams_max = 4});
  const FrameBytes two = Sctp({Data("one"), Data("two")}).Bytes();
  const FrameBytes arp = PacketBuilder("10.0.0.1", "10.0.0.2", kUdp).EtherType(0x0806).Bytes();
  Packet packet{};
  EXPECT_EQ(decoder.Decode({1, two, static_cast<uint32_t>(two.size())}, packet), Verdict::kOk);
  EXPECT_EQ(decoder.Decode({1, arp, static_cast<uint32_t>(arp.size())}, packet), Verdict::kArp);
  EXPECT_FALSE(decoder.NextDatagram(packet));
}

TEST(Sctp, WithAChunkThatDoesNotFitIsRefusedWhole) {
  EXPECT_EQ(Datagrams(Sctp({Data("one"), Hex("00030100 00000000")})), "bad_sctp_length");
  EXPECT_EQ(Datagrams(Sctp({Data("one"), Hex("03000003")})), "bad_sctp_length");
  EXPECT_EQ(Datagrams(Sctp({Hex("0003000f"), FrameBytes(12, 0)})), "bad_sctp_length");
  EXPECT_EQ(Datagrams(PacketBuilder("10.0.0.1", "10.0.0.2", kSctp).Data("too short")),
            "bad_sctp_length");
}

TEST(Sctp, NeedsItsChecksum) {
  EXPECT_EQ(Datagrams(Sctp({Data("one")}, false)), "bad_sctp_checksum");
  EXPECT_EQ(Decode(Sctp({Data("one")}, false), {.checksums = Checksums::kIgnore}).verdict,
            Verdict::kOk);
}

TEST(Sctp, MayLeaveItsChecksumToTheCard) {
  FrameBytes bytes = Join({Hex("03e8 0050 12345678 00000000"), Data("one")});
  const Decoded decoded = Decode(PacketBuilder("10.0.0.1", "10.0.0.2", kSctp).Data(bytes),
                                 {.checksums = Checksums::kAuto});
  EXPECT_EQ(decoded.payload, "one");
  EXPECT_EQ(decoded.offloaded, 1u);
}

TEST(Sctp, CutByTheSnaplenGivesWhatIsThere) {
  const PacketBuilder packet = Sctp({Data("one!"), Data("two!")});
  const size_t all = packet.Bytes().size();
  EXPECT_EQ(Datagrams(packet, all - 1), "one!|two");
  EXPECT_EQ(Datagrams(packet, all - 4), "one!|");
  EXPECT_EQ(Datagrams(packet, all - 5), "one!");
  EXPECT_EQ(Datagrams(packet, all - 20), "one!");
  EXPECT_EQ(Datagrams(packet, all - 22), "on");
  for (size_t captured = 0; captured < 14 + 20 + 12; ++captured) {
    EXPECT_EQ(Datagrams(packet, captured), "truncated_header");
  }
  for (size_t captured = 46; captured < all; ++captured) Datagrams(packet, captured);
}

}  // namespace
}  // namespace dfc
