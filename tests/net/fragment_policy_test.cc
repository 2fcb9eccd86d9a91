// Whose copy counts where fragments overlap: the published sequence, and each way two can lie.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fragment_script.h"

namespace dfc {
namespace {

// Novak, "Target-Based Fragmentation Assembly" (2005): 24 blocks of 8 bytes in 17 fragments.
constexpr const char* kNovak =
    "A0-24 B32-48 C48-72 D80-88 E104-120 F120-144 G144-160 H160-176 I176-184 "
    "J8-40 K48-72 L72-96 M96-120 N128-136 O152-160 P160-168 Q176-192.";

TEST(FragmentPolicy, MeetsThePublishedSequence) {
  const std::pair<HostPolicy, const char*> published[] = {
      {HostPolicy::kBsd, "AAAJJBCCCLLLMMMFFFGGHHIQ"},
      {HostPolicy::kLinuxNs, "AAAJJBKKKLLLMMMFFFGGPHQQ"},
      {HostPolicy::kOldLinux, "AAAJJBKKKLLLMMMFFFGGPHQQ"},
      {HostPolicy::kWindows, "AAAJBBCCCLLLMEEFFFGGHHIQ"},
      {HostPolicy::kVista, "AAAJBBCCCLLLMEEFFFGGHHIQ"},
      {HostPolicy::kSolaris, "AAAJBBCCCLLLMMMFFFGGHHIQ"},
      {HostPolicy::kFirst, "AAAJBBCCCLDLMEEFFFGGHHIQ"},
      {HostPolicy::kLast, "AJJJJBKKKLLLMMMFNFGOPHQQ"},
  };
  for (const auto& [policy, text] : published) {
    EXPECT_EQ(Assemble(policy, kNovak), text) << HostPolicyName(policy);
    EXPECT_EQ(Assemble(policy, kNovak, true), text) << HostPolicyName(policy);
  }
}

TEST(FragmentPolicy, LinuxDropsThePublishedSequence) {
  EXPECT_EQ(Assemble(HostPolicy::kLinux, "A0-24 B32-48 J8-40"), "fragment_overlap");
}

// What each policy makes of an older piece O in [16, 32) and a newer N, with filler around.
struct Relation {
  const char* script;
  const char* first;
  const char* last;
  const char* bsd;
  const char* linux_ns;
  const char* solaris;
  const char* windows;
};

TEST(FragmentPolicy, EachWayThatTwoCanLie) {
  const Relation relations[] = {
      // N begins before O and ends inside.
      {"O16-32 N8-24 .0-8 .32-40.", ".NOO.", ".NNO.", ".NNO.", ".NNO.", ".NOO.", ".NOO."},
      // N begins before O, same end.
      {"O16-32 N8-32 .0-8 .32-40.", ".NOO.", ".NNN.", ".NNN.", ".NNN.", ".NNN.", ".NOO."},
      // N covers O on both sides.
      {"O16-32 N8-40 .0-8 .40-48.", ".NOON.", ".NNNN.", ".NNNN.", ".NNNN.", ".NNNN.", ".NNNN."},
      // Same beginning, N shorter, the same, longer.
      {"O16-32 N16-24 .0-16 .32-40.", "..OO.", "..NO.", "..OO.", "..NO.", "..OO.", "..OO."},
      {"O16-32 N16-32 .0-16 .32-40.", "..OO.", "..NN.", "..OO.", "..NN.", "..OO.", "..OO."},
      {"O16-32 N16-40 .0-16 .40-48.", "..OON.", "..NNN.", "..OON.", "..NNN.", "..OON.", "..OON."},
      // N inside O, N at its end, N over its end.
      {"O16-40 N24-32 .0-16 .40-48.", "..OOO.", "..ONO.", "..OOO.", "..OOO.", "..OOO.", "..OOO."},
      {"O16-32 N24-32 .0-16 .32-40.", "..OO.", "..ON.", "..OO.", "..OO.", "..OO.", "..OO."},
      {"O16-32 N24-40 .0-16 .40-48.", "..OON.", "..ONN.", "..OON.", "..OON.", "..OON.", "..OON."},
  };
  for (const Relation& relation : relations) {
    const auto expect = [&](HostPolicy policy, const char* text) {
      EXPECT_EQ(Assemble(policy, relation.script), text)
          << HostPolicyName(policy) << " " << relation.script;
    };
    expect(HostPolicy::kFirst, relation.first);
    expect(HostPolicy::kLast, relation.last);
    expect(HostPolicy::kBsd, relation.bsd);
    expect(HostPolicy::kLinuxNs, relation.linux_ns);
    expect(HostPolicy::kOldLinux, relation.linux_ns);
    expect(HostPolicy::kSolaris, relation.solaris);
    expect(HostPolicy::kWindows, relation.windows);
    expect(HostPolicy::kVista, relation.windows);
  }
}

TEST(FragmentPolicy, AFragmentMayFillManyHoles) {
  EXPECT_EQ(Assemble(HostPolicy::kFirst, "A8-16 B24-32 C40-48 N0-56."), "NANBNCN");
  EXPECT_EQ(Assemble(HostPolicy::kLast, "A8-16 B24-32 C40-48 N0-56."), "NNNNNNN");
}

TEST(FragmentPolicy, AFragmentMaySplitAnother) {
  EXPECT_EQ(Assemble(HostPolicy::kLast, "A0-40 B16-24 C8-24 D40-48."), "ACCAAD");
  // The left half begins where the whole did, the right one where the middle ended.
  EXPECT_EQ(Assemble(HostPolicy::kLast, "A0-40 B16-24 A24-32 C0-8 D40-48."), "CABAAD");
}

TEST(FragmentPolicy, WhatReplacesAPieceMayItselfBeReplaced) {
  EXPECT_EQ(Assemble(HostPolicy::kBsd, "C24-40 B16-32 A8-24 .0-8 .40-48."), ".AABC.");
  EXPECT_EQ(Assemble(HostPolicy::kBsd, "A8-24 B16-32 C24-40 .0-8 .40-48."), ".AABC.");
}

TEST(FragmentPolicy, APieceThatIsCutBeginsWhereItsRestDoes) {
  // B is left with [24, 32), so that N, which begins with it, counts by the old rule of Linux.
  EXPECT_EQ(Assemble(HostPolicy::kLinuxNs, "B16-32 A8-24 N24-32 .0-8 .32-40."), ".AAN.");
  EXPECT_EQ(Assemble(HostPolicy::kBsd, "B16-32 A8-24 N24-32 .0-8 .32-40."), ".AAB.");
}

TEST(FragmentPolicy, BytesPastTheEndDropTheDatagramByAnyPolicy) {
  for (size_t n = 0; n < kHostPolicyCount; ++n) {
    const auto policy = static_cast<HostPolicy>(n);
    EXPECT_EQ(Assemble(policy, "A8-16. B16-24"), "fragment_beyond");
    EXPECT_EQ(Assemble(policy, "A16-24 B8-16."), "fragment_beyond");
    EXPECT_EQ(Assemble(policy, "A8-16. B8-24."), "fragment_beyond");
  }
}

TEST(FragmentPolicy, TooManyPiecesDropTheDatagramByAnyPolicy) {
  std::string script;
  for (int n = 0; n < 256; ++n)
    script += fmt::format("A{}-{} ", 16 * n + 8, 16 * n + 16);
  for (size_t n = 0; n < kHostPolicyCount; ++n) {
    const auto policy = static_cast<HostPolicy>(n);
    EXPECT_EQ(Assemble(policy, script), "fragment");
    EXPECT_EQ(Assemble(policy, script + "C5000-5008"), "fragment_limit");
  }
}

}  // namespace
}  // namespace dfc
