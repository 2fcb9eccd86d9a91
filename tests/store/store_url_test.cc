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

TEST(StoreUrl, TakesSeveralHostsAndOptions) {
  for (const char* text :
       {"mysql://dfc@a:3306,b:3307/flows", "mysql://dfc@a:1,[fd00::2]:2,c:3/flows",
        "mysql://dfc@a:1/flows?tls-ca=/etc/ca.pem",
        "mysql://dfc@a:1/flows?tls-ca=/ca&tls-cert=/c&tls-key=/k&connect-timeout=2&read-timeout=7",
        "mysql://dfc@a:1/flows?tls-verify=none", "mysql://dfc@a:1/flows?tls-verify=full",
        "mysql://dfc@/flows?socket=/s&write-timeout=3"}) {
    EXPECT_EQ(Parsed(text), text);
  }
  const auto url = ParseStoreUrl("mysql://dfc@a,b:3307/flows?tls-ca=/ca.pem");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->more_hosts, (std::vector<StoreHost>{{"b", 3307}}));
  EXPECT_TRUE(url->tls && url->tls_verify);
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
  for (const char* text : {"",
                           "dfc.db",
                           "sqlite:",
                           "null:x",
                           "mysql:dfc",
                           "mysql://",
                           "mysql://dfc@db",
                           "mysql://db/f",
                           "mysql://@db/f",
                           "mysql://dfc@db/",
                           "mysql://dfc@/f",
                           "mysql://dfc@db:0/f",
                           "mysql://dfc@db:70000/f",
                           "mysql://dfc@db:x/f",
                           "mysql://dfc@[::1/f",
                           "mysql://dfc@a,/f",
                           "mysql://dfc@,b/f",
                           "mysql://dfc@a,b:0/f",
                           "mysql://dfc@a/f?tls-ca=",
                           "mysql://dfc@a/f?tls-verify=maybe",
                           "mysql://dfc@a/f?read-timeout=0",
                           "mysql://dfc@a/f?read-timeout=1s",
                           "mysql://dfc@a/f?tls-ca",
                           "mysql://dfc@[::1]x/f",
                           "mysql://dfc@/f?port=3",
                           "mysql://dfc@db/f?socket=/s",
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
