#include "audit_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace dfc {
namespace {

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() : folder_(::testing::TempDir() + "audit_log_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  ~AuditLogTest() override { std::filesystem::remove_all(folder_); }

  std::string Text(const std::string& name = "log") const {
    std::ifstream file(folder_ + "/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::unique_ptr<AuditLog> Open() {
    auto log = AuditLog::Open(path_);
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }
  static AuditEntry Entry(std::string_view what) {
    return {.time_ns = 0, .user = "anna", .peer = "::1", .what = what, .flow = "12", .bytes = 5};
  }

  std::string folder_;
  std::string path_ = folder_ + "/log";
};

TEST_F(AuditLogTest, ALineSaysWhoReadWhat) {
  const auto log = Open();
  ASSERT_TRUE(log->Write(Entry("turns")).ok());
  EXPECT_EQ(Text(),
            "{\"time\":\"1970-01-01T00:00:00.000000000Z\",\"user\":\"anna\",\"from\":\"::1\","
            "\"what\":\"turns\",\"flow\":\"12\",\"detail\":null,\"bytes\":5}\n");
}

TEST_F(AuditLogTest, NoNameMakesALineOfItsOwn) {
  const auto log = Open();
  AuditEntry entry = Entry("import");
  entry.detail = "a\"\n{\"time\":1}\n\x1b[2J";
  ASSERT_TRUE(log->Write(entry).ok());
  const std::string text = Text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST_F(AuditLogTest, IsForItsOwnerAndAppended) {
  ASSERT_TRUE(Open()->Write(Entry("one")).ok());
  struct stat facts {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0600u);
  ASSERT_TRUE(Open()->Write(Entry("two")).ok());
  const std::string text = Text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(AuditLog::Open(path_).status()));
}

TEST_F(AuditLogTest, GoesOnInANewFile) {
  const auto log = Open();
  ASSERT_TRUE(log->Write(Entry("one")).ok());
  std::filesystem::rename(path_, path_ + ".1");
  ASSERT_TRUE(log->Reopen().ok());
  ASSERT_TRUE(log->Write(Entry("two")).ok());
  EXPECT_NE(Text("log.1").find("one"), std::string::npos);
  EXPECT_EQ(Text("log.1").find("two"), std::string::npos);
  EXPECT_NE(Text().find("two"), std::string::npos);
}

TEST_F(AuditLogTest, WhereNoNewOneCanBeMadeTheFormerOneStays) {
  const auto log = Open();
  std::filesystem::rename(folder_, folder_ + ".away");
  EXPECT_FALSE(log->Reopen().ok());
  EXPECT_TRUE(log->Write(Entry("one")).ok());
  std::filesystem::rename(folder_ + ".away", folder_);
  EXPECT_NE(Text().find("one"), std::string::npos);
}

// A file may not grow over this: as on a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(AuditLogTest, ALineThatWasCutIsAnErrorAndTheNextIsWhole) {
  const auto log = Open();
  ASSERT_TRUE(log->Write(Entry("one")).ok());
  {
    const FileSizeLimit limit(Text().size() + 10);
    EXPECT_FALSE(log->Write(Entry("two")).ok());
    EXPECT_FALSE(log->Write(Entry("three")).ok());
  }
  ASSERT_TRUE(log->Write(Entry("four")).ok());
  const std::string text = Text();
  EXPECT_NE(text.find("\n{\"time\":\"1970-01-01T00:00:00.000000000Z\",\"user\":\"anna\","
                      "\"from\":\"::1\",\"what\":\"four\""),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace dfc
