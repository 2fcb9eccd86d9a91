#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "dfc/file.h"

namespace dfc {
namespace {

class SecretFile : public testing::Test {
 protected:
  SecretFile() {
    ::close(::mkstemp(path_.data()));
    std::ofstream(path_) << "s3cret\n";
  }
  ~SecretFile() override { ::unlink(path_.c_str()); }

  bool IsTaken(mode_t mode) {
    ::chmod(path_.c_str(), mode);
    const bool is_taken = CheckSecretFile(path_).ok();
    EXPECT_EQ(ReadSecretFile(path_, 100).ok(), is_taken);
    return is_taken;
  }

  std::string path_ = testing::TempDir() + "dfc-secret-XXXXXX";
};

TEST_F(SecretFile, IsReadWhereItIsItsUsersAlone) {
  EXPECT_TRUE(IsTaken(0600));
  EXPECT_TRUE(IsTaken(0400));
  EXPECT_EQ(*ReadSecretFile(path_, 7), "s3cret\n");
}

TEST_F(SecretFile, IsRefusedWithAnyRightOfOthers) {
  for (mode_t right = 1; right < 0100; right <<= 1) EXPECT_FALSE(IsTaken(0600 | right)) << right;
  EXPECT_NE(MessageOf(CheckSecretFile(path_)).find("chmod 600"), std::string::npos);
}

TEST_F(SecretFile, OfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  ASSERT_EQ(::chown(path_.c_str(), 12345, 12345), 0);
  EXPECT_FALSE(IsTaken(0600));
  EXPECT_NE(MessageOf(CheckSecretFile(path_)).find("chown 0 "), std::string::npos);
}

TEST_F(SecretFile, IsNotCut) {
  ::chmod(path_.c_str(), 0600);
  const auto text = ReadSecretFile(path_, 6);
  EXPECT_NE(MessageOf(text.status()).find("more than 6 bytes"), std::string::npos);
}

TEST_F(SecretFile, HasToBeThere) {
  EXPECT_TRUE(absl::IsNotFound(CheckSecretFile(path_ + ".none")));
  EXPECT_TRUE(absl::IsNotFound(ReadSecretFile(path_ + ".none", 1).status()));
}

}  // namespace
}  // namespace dfc
