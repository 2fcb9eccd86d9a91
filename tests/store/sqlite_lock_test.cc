// SQLite's locks belong to the process: see sqlite_connection.cc.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dfc/retention.h"
#include "dfc/store.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

// Whether another process would find SQLite's lock of those that have the file open. The bytes are
// those of its file format: 510 from 1 GiB + 2 on.
bool OthersFindItOpen(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open(path.c_str(), O_RDWR);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 0x40000002;
    lock.l_len = 510;
    const bool asked = fd >= 0 && ::fcntl(fd, F_GETLK, &lock) == 0;
    ::_exit(asked && lock.l_type != F_UNLCK ? 0 : 1);
  }
  int status = -1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

TEST(SqliteLocks, SurviveAnotherConnectionOfTheSameProcess) {
  TempDir dir;
  StoreUrl url;
  url.path = dir / "dfc.db";
  auto store = OpenStore(url, "gw-1");
  ASSERT_TRUE(store.ok()) << store.status();
  BlockBuilder builder;
  ASSERT_TRUE((*store)->Write(builder.Add(TestFlow(1)).block()).ok());
  ASSERT_TRUE(OthersFindItOpen(url.path));
  auto keeper = OpenKeeper(url, "test");
  ASSERT_TRUE(keeper.ok()) << keeper.status();
  EXPECT_TRUE(OthersFindItOpen(url.path));
  keeper->reset();
  ASSERT_TRUE(PinFlow(url, TestFlow(1).id, 1).ok());
  EXPECT_TRUE(OthersFindItOpen(url.path));
  store->reset();
  EXPECT_FALSE(OthersFindItOpen(url.path));
}

}  // namespace
}  // namespace dfc
