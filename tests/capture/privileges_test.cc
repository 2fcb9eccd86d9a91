#include "dfc/privileges.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "gtest/gtest.h"

namespace dfc {
namespace {

constexpr const char* kNobody = "nobody";

// What `act` returns in a process of its own: what is given up does not come back.
int InChild(const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(act());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int PacketSocketError() { return ::socket(AF_PACKET, SOCK_RAW, 0) >= 0 ? 0 : errno; }

#define NEEDS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give it up"

TEST(DropPrivileges, BecomesTheUserForGood) {
  NEEDS_ROOT();
  const int result = InChild([] {
    const auto dropped = DropPrivileges(kNobody, Keep::kNothing);
    if (!dropped.ok() || !dropped->left_root || dropped->user != kNobody) return 1;
    if (::getuid() != ::getpwnam(kNobody)->pw_uid || ::getgid() == 0) return 2;
    return ::setuid(0) == 0 ? 3 : 0;
  });
  EXPECT_EQ(result, 0);
}

TEST(DropPrivileges, LeavesRootsGroups) {
  NEEDS_ROOT();
  const int result = InChild([] {
    if (!DropPrivileges(kNobody, Keep::kNothing).ok()) return 1;
    gid_t groups[64];
    const int count = ::getgroups(64, groups);
    for (int n = 0; n < count; ++n) {
      if (groups[n] == 0) return 2;
    }
    return count < 0 ? 3 : 0;
  });
  EXPECT_EQ(result, 0);
}

TEST(DropPrivileges, KeepsWhatOpensPacketSocketsOnlyWhereAsked) {
  NEEDS_ROOT();
  const auto open_after = [](Keep keep) {
    return [keep] { return DropPrivileges(kNobody, keep).ok() ? PacketSocketError() : -1; };
  };
  EXPECT_EQ(InChild(open_after(Keep::kPacketSockets)), 0);
  EXPECT_EQ(InChild(open_after(Keep::kNothing)), EPERM);
}

TEST(DropPrivileges, RefusesAUserThatDoesNotExist) {
  EXPECT_EQ(DropPrivileges("no-such-user", Keep::kNothing).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(DropPrivileges, NobodyCanBecomeRoot) {
  NEEDS_ROOT();
  const int result = InChild([] {
    if (!DropPrivileges(kNobody, Keep::kNothing).ok()) return 1;
    const auto again = DropPrivileges("root", Keep::kNothing);
    return again.status().code() == absl::StatusCode::kFailedPrecondition ? 0 : 2;
  });
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace dfc
