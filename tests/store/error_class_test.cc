// What each error of a server means to who writes: try again, elsewhere, in parts, or never.
#include <gtest/gtest.h>

#include "mariadb_server.h"
#include "mysql_connection.h"

namespace dfc {
namespace {

class ErrorClass : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!server_.Available()) GTEST_SKIP() << server_.reason();
    auto connection = MysqlConnection::Open(server_.FreshDatabase("error_class"));
    ASSERT_TRUE(connection.ok()) << connection.status();
    connection_ = *std::move(connection);
  }
  void Expect(absl::StatusCode wanted, std::initializer_list<unsigned> codes) {
    for (const unsigned code : codes) {
      EXPECT_EQ(connection_->Describe(code, "why").code(), wanted) << code;
    }
  }
  MariadbServer& server_ = MariadbServer::Get();
  std::unique_ptr<MysqlConnection> connection_;
};

TEST_F(ErrorClass, ALostServerIsLeftForAnother) {
  Expect(absl::StatusCode::kUnavailable,
         {2002, 2003, 2005, 2006, 2013, 2026, 2055, 1053, 1158, 1159, 1160, 1161, 1184, 1927});
}
TEST_F(ErrorClass, SoIsOneThatCannotBeUsed) {
  Expect(absl::StatusCode::kUnavailable, {1047, 1180, 1290, 1836, 1040, 1203, 1226, 1129, 1030});
}
TEST_F(ErrorClass, AFullDiskIsWaitedFor) { Expect(absl::StatusCode::kUnavailable, {1114, 1021}); }
TEST_F(ErrorClass, ALimitThatWasMadeSmallerIsAskedForAgain) {
  Expect(absl::StatusCode::kUnavailable, {1153, 2020});
}
TEST_F(ErrorClass, ATransactionThatLostIsTriedAgain) {
  Expect(absl::StatusCode::kAborted, {1205, 1213, 1020, 1317});
}
TEST_F(ErrorClass, TheOperatorIsNeeded) {
  Expect(absl::StatusCode::kPermissionDenied, {1045, 1044, 1142});
  Expect(absl::StatusCode::kNotFound, {1049});
  Expect(absl::StatusCode::kFailedPrecondition, {1146});
  Expect(absl::StatusCode::kInternal, {1054, 1136});
}
TEST_F(ErrorClass, ARowIsRefused) {
  Expect(absl::StatusCode::kInvalidArgument,
         {1048, 1062, 1264, 1292, 1366, 1406, 1644, 3819, 4025});
}
TEST_F(ErrorClass, AClustersLimitMeansParts) {
  EXPECT_TRUE(absl::IsResourceExhausted(
      connection_->Describe(1105, "Maximum writeset size exceeded by 4096")));
  Expect(absl::StatusCode::kInternal, {1105});
}

}  // namespace
}  // namespace dfc
