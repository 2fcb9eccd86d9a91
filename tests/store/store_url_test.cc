#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "dfc/store.h"
#include "temp_dir.h"

namespace dfc {
namespace {

std::string Parsed(const std::string& text) {
  const auto url = ParseStoreUrl(text);
  return url.ok() ? url->Text() : "error: " + MessageOf(url.status());
}

TEST(StoreUrl, ComesBackAsGiven) {
  for (const char* text :
       {"sqlite:dfc.db", "sqlite:/var/lib/dfc/a b.db", "null:", "mysql://dfc@db.lan:3307/flows",
        "mysql://dfc@[fd00::1]:3306/flows", "mysql://dfc@/flows?socket=/run/mysqld/mysqld.sock"}) {
    EXPECT_EQ(Parsed(text), text);
  }
}

TEST(StoreUrl, FillsInThePort) {
  EXPECT_EQ(Parsed("mysql://dfc@db/flows"), "mysql://dfc@db:3306/flows");
  EXPECT_EQ(Parsed("mariadb://dfc@[::1]/flows"), "mysql://dfc@[::1]:3306/flows");
}

TEST(StoreUrl, RefusesAPasswordWithoutRepeatingIt) {
  const std::string message = Parsed("mysql://dfc:s3cret@db/flows");
  EXPECT_NE(message.find("$DFC_PASSWORD_FILE"), std::string::npos);
  EXPECT_EQ(message.find("s3cret"), std::string::npos);
  EXPECT_EQ(Parsed("mysql://dfc:s3/cret@db/flows").find("s3"), std::string::npos);
}

TEST(StoreUrl, RefusesWhatIsNone) {
  for (const char* text :
       {"", "dfc.db", "sqlite:", "null:x", "mysql:dfc", "mysql://", "mysql://dfc@db",
        "mysql://db/f", "mysql://@db/f", "mysql://dfc@db/", "mysql://dfc@/f", "mysql://dfc@db:0/f",
        "mysql://dfc@db:70000/f", "mysql://dfc@db:x/f", "mysql://dfc@[::1/f",
        "mysql://dfc@[::1]x/f", "mysql://dfc@/f?port=3", "mysql://dfc@db/f?socket=/s",
        "http://dfc@db/f"}) {
    EXPECT_TRUE(Parsed(text).starts_with("error: store URL: ")) << text;
  }
}

class Password : public ::testing::Test {
 protected:
  void TearDown() override {
    ::unsetenv("DFC_PASSWORD");
    ::unsetenv("DFC_PASSWORD_FILE");
  }
  void WriteFile(const std::string& text, mode_t mode) {
    const std::string path = dir_ / "password";
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    ::setenv("DFC_PASSWORD_FILE", path.c_str(), 1);
  }
  TempDir dir_;
};

TEST_F(Password, IsEmptyWhenNothingIsSet) { EXPECT_EQ(*StorePassword(), ""); }

TEST_F(Password, IsTheFilesFirstLine) {
  ::setenv("DFC_PASSWORD", "other", 1);
  WriteFile("first line\r\nsecond\n", 0600);
  EXPECT_EQ(*StorePassword(), "first line");
}

TEST_F(Password, ComesFromTheEnvironmentOtherwise) {
  ::setenv("DFC_PASSWORD", "other", 1);
  EXPECT_EQ(*StorePassword(), "other");
}

TEST_F(Password, FileThatOthersMayReadIsRefused) {
  WriteFile("s3cret", 0640);
  const auto password = StorePassword();
  EXPECT_EQ(password.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(MessageOf(password.status()).find("chmod 600"), std::string::npos);
  EXPECT_EQ(MessageOf(password.status()).find("s3cret"), std::string::npos);
}

TEST_F(Password, MissingFileIsAnError) {
  ::setenv("DFC_PASSWORD_FILE", (dir_ / "none").c_str(), 1);
  EXPECT_EQ(StorePassword().status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace dfc
