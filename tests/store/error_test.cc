// What a person reads when the world is wrong: which store, what happened, what to do.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>

#include "dfc/reader.h"
#include "mariadb_server.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

StoreUrl Sqlite(const std::string& path) {
  StoreUrl url;
  url.path = path;
  return url;
}

// One line that holds each of `parts`.
void ExpectMessage(const absl::Status& status, std::initializer_list<std::string> parts) {
  const std::string message = MessageOf(status);
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nlacks: " << part;
  }
}

TEST(SqliteErrors, MissingFolderIsNamed) {
  const TempDir dir;
  const auto store = OpenStore(Sqlite(dir / "none/dfc.db"), "x");
  EXPECT_EQ(store.status().code(), absl::StatusCode::kNotFound);
  ExpectMessage(store.status(), {"none/dfc.db: there is no folder ", "/none; make it first"});
}

TEST(SqliteErrors, FolderIsNoFile) {
  const TempDir dir;
  ExpectMessage(OpenStore(Sqlite(dir.path()), "x").status(), {"is a folder; name a file in it"});
}

TEST(SqliteErrors, UnwritablePathIsNamed) {
  const auto store = OpenStore(Sqlite("/proc/dfc.db"), "x");
  ExpectMessage(store.status(),
                {"sqlite:/proc/dfc.db: ", "choose a path that this user may write"});
}

TEST(SqliteErrors, ReaderOfNoFileSaysHowToMakeOne) {
  const TempDir dir;
  const auto reader = OpenReader(Sqlite(dir / "dfc.db"));
  EXPECT_EQ(reader.status().code(), absl::StatusCode::kNotFound);
  ExpectMessage(reader.status(), {"dfc.db: no such file", "dfc replay"});
}

TEST(SqliteErrors, OtherFileIsNotTouched) {
  const TempDir dir;
  const std::string text =
      std::string(20, '-') + " this is a letter and no database " + std::string(60, '-');
  std::ofstream(dir / "letter") << text;
  ExpectMessage(OpenStore(Sqlite(dir / "letter"), "x").status(), {"not a SQLite database"});
  std::string after;
  std::getline(std::ifstream(dir / "letter"), after);
  EXPECT_EQ(after, text);
}

TEST(SqliteErrors, EmptyDatabaseHasNoTables) {
  const TempDir dir;
  std::ofstream(dir / "empty.db").flush();
  ExpectMessage(OpenReader(Sqlite(dir / "empty.db")).status(),
                {"has no dfc tables; run: dfc init --store 'sqlite:"});
}

TEST(SqliteErrors, FileIsForItsOwnerOnly) {
  const TempDir dir;
  ASSERT_TRUE(OpenStore(Sqlite(dir / "dfc.db"), "x").ok());
  struct stat facts {};
  ASSERT_EQ(::stat((dir / "dfc.db").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST(SqliteErrors, FullDiskTakesTheBlockBack) {
  const TempDir dir;
  if (::mount("tmpfs", dir.path().c_str(), "tmpfs", 0, "size=3m") != 0) {
    GTEST_SKIP() << "may not mount a small file system";
  }
  const StoreUrl url = Sqlite(dir / "dfc.db");
  auto store = OpenStore(url, "gw");
  ASSERT_TRUE(store.ok()) << store.status();
  std::ofstream ballast(dir / "ballast");
  ballast << std::string(2'000'000, 'x') << std::flush;

  BlockBuilder builder;
  const std::string content(60'000, 'c');
  for (uint32_t n = 0; n < 16; ++n) builder.Add({kTestTime, 1}, n, {content, "[0,0,0,60000,0,0]"});
  const absl::Status full = (*store)->Write(builder.block());
  EXPECT_EQ(full.code(), absl::StatusCode::kUnavailable);
  ExpectMessage(full, {"disk full; free space"});
  EXPECT_EQ(QueryColumn(url, "SELECT count(*) FROM chunk"), "0");

  ballast.close();
  ::unlink((dir / "ballast").c_str());
  const absl::Status again = (*store)->Write(builder.block());
  EXPECT_TRUE(again.ok()) << again;
  EXPECT_EQ(QueryColumn(url, "SELECT count(*) FROM chunk"), "16");
  EXPECT_EQ(QueryColumn(url, "PRAGMA integrity_check"), "ok");
  store->reset();
  ::umount2(dir.path().c_str(), MNT_DETACH);
}

TEST(NullStore, TakesEverythingAndGivesNothing) {
  StoreUrl url;
  url.kind = StoreUrl::Kind::kNull;
  auto store = OpenStore(url, "x");
  ASSERT_TRUE(store.ok());
  BlockBuilder builder;
  FillWithEverything(builder);
  EXPECT_TRUE((*store)->Write(builder.block()).ok());
  EXPECT_TRUE((*store)->EndRun(1).ok());
  EXPECT_EQ(*InitStore(url), 0);
  ExpectMessage(OpenReader(url).status(), {"null: keeps nothing"});
}

TEST(MysqlErrorsWithoutServer, ServerThatIsAwayIsNamed) {
  const auto url = ParseStoreUrl("mysql://dfc@127.0.0.1:1/flows");
  const auto store = OpenStore(*url, "x");
  EXPECT_EQ(store.status().code(), absl::StatusCode::kUnavailable);
  ExpectMessage(store.status(),
                {"mysql://dfc@127.0.0.1:1/flows: can't connect (", "is the server running"});
}

class MysqlErrors : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!server_.Available()) GTEST_SKIP() << server_.reason();
    url_ = server_.FreshDatabase("error_test");
  }
  MariadbServer& server_ = MariadbServer::Get();
  StoreUrl url_;
};

TEST_F(MysqlErrors, WrongPasswordIsNotPrinted) {
  ASSERT_TRUE(server_.Run("CREATE OR REPLACE USER locked@localhost IDENTIFIED BY 'right'"));
  url_.user = "locked";
  ::setenv("DFC_PASSWORD", "s3cret", 1);
  const auto store = OpenStore(url_, "x");
  ::unsetenv("DFC_PASSWORD");
  EXPECT_EQ(store.status().code(), absl::StatusCode::kPermissionDenied);
  ExpectMessage(store.status(), {"access denied for user 'locked'", "$DFC_PASSWORD_FILE"});
  EXPECT_EQ(MessageOf(store.status()).find("s3cret"), std::string::npos);
}

TEST_F(MysqlErrors, UserWithoutRightsIsTold) {
  ASSERT_TRUE(server_.Run("CREATE OR REPLACE USER guest@localhost"));
  url_.user = "guest";
  ExpectMessage(OpenStore(url_, "x").status(), {"guest", "GRANT"});
}

TEST_F(MysqlErrors, UnknownDatabaseIsNamed) {
  url_.database = "nowhere";
  ExpectMessage(OpenStore(url_, "x").status(),
                {"there is no database 'nowhere'", "CREATE DATABASE nowhere"});
}

TEST_F(MysqlErrors, MissingTablesNameTheRemedy) {
  for (const absl::Status& status : {OpenStore(url_, "x").status(), OpenReader(url_).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    ExpectMessage(status, {"has no dfc tables; run: dfc init --store '" + url_.Text() + "'"});
  }
}

TEST_F(MysqlErrors, SurvivesAServerThatDies) {
  ASSERT_TRUE(InitStore(url_).ok());
  auto store = OpenStore(url_, "gw");
  ASSERT_TRUE(store.ok()) << store.status();
  BlockBuilder builder;
  FillWithEverything(builder);
  server_.Kill();
  for (int tries = 0; tries < 2; ++tries) {
    const absl::Status status = (*store)->Write(builder.block());
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    ExpectMessage(status, {"can't connect"});
  }
  ASSERT_TRUE(server_.Available()) << server_.reason();
  const absl::Status status = (*store)->Write(builder.block());
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(COUNT(*) AS CHAR) FROM flow"), "4");
}

TEST_F(MysqlErrors, SmallPacketsAreSplitByRows) {
  ASSERT_TRUE(server_.Run("SET GLOBAL max_allowed_packet = 1048576"));
  ASSERT_TRUE(InitStore(url_).ok());
  auto store = OpenStore(url_, "gw");
  ASSERT_TRUE(store.ok()) << store.status();
  BlockBuilder builder;
  const std::string content(65'000, '\'');
  for (uint32_t n = 0; n < 16; ++n) builder.Add({kTestTime, 1}, n, {content, "[0,0,0,65000,0,0]"});
  const absl::Status status = (*store)->Write(builder.block());
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(SUM(LENGTH(content)) AS CHAR) FROM chunk"), "1040000");
  ASSERT_TRUE(server_.Run("SET GLOBAL max_allowed_packet = 16777216"));
}

TEST_F(MysqlErrors, TooSmallPacketsNameTheSetting) {
  ASSERT_TRUE(server_.Run("SET GLOBAL max_allowed_packet = 65536"));
  ExpectMessage(OpenStore(url_, "x").status(), {"max_allowed_packet is 65536", "set it to"});
  ASSERT_TRUE(server_.Run("SET GLOBAL max_allowed_packet = 16777216"));
}

}  // namespace
}  // namespace dfc
