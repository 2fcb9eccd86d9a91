#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "dfc/file.h"
#include "dfc/privileges.h"
#include "gtest/gtest.h"
#include "sanitized.h"

namespace dfc {
namespace {

constexpr int kNotEntered = 200;
constexpr int kNoLandlock = 201;

// What `act` returns in a process of its own in the sandbox: an error's number, say. Sandboxes are
// for good, so that each has to have one.
int Inside(const SandboxRules& rules, const std::function<int()>& act,
           bool needs_landlock = false) {
  const pid_t child = ::fork();
  if (child == 0) {
    const absl::StatusOr<Sandbox> entered = EnterSandbox(rules);
    if (!entered.ok()) ::_exit(kNotEntered);
    if (needs_landlock && entered->landlock == 0) ::_exit(kNoLandlock);
    ::_exit(act());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// 0, or the error's number, of a call that returns -1 for an error.
int ErrorOf(long result) { return result >= 0 ? 0 : errno; }

int OpenError(const std::string& path, int flags) {
  return ErrorOf(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

class SandboxTest : public testing::Test {
 protected:
  SandboxTest() {
    std::string name = (std::filesystem::temp_directory_path() / "dfc-sandbox-XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    std::filesystem::create_directory(top_ / "own");
    std::filesystem::create_directory(top_ / "read");
    std::ofstream(top_ / "read" / "file") << "x";
    std::ofstream(top_ / "secret") << "x";
    rules_.read = {Path("read")};
    rules_.write = {Path("own")};
  }
  ~SandboxTest() override { std::filesystem::remove_all(top_); }

  std::string Path(const char* name) const { return (top_ / name).string(); }
  int OpenInside(const char* name, int flags) const {
    return Inside(
        rules_, [&] { return OpenError(Path(name), flags); }, true);
  }

  std::filesystem::path top_;
  SandboxRules rules_;
};

#define SKIP_WITHOUT_LANDLOCK(result) \
  if ((result) == kNoLandlock) GTEST_SKIP() << "this kernel has no Landlock"

TEST_F(SandboxTest, FilesElsewhereCanNotBeOpened) {
  const int result = OpenInside("secret", O_RDONLY);
  SKIP_WITHOUT_LANDLOCK(result);
  EXPECT_EQ(result, EACCES);
  EXPECT_EQ(Inside(rules_, [] { return OpenError("/etc/shadow", O_RDONLY); }), EACCES);
}

TEST_F(SandboxTest, WhatMayBeReadMayNotBeWritten) {
  const int result = OpenInside("read/file", O_RDONLY);
  SKIP_WITHOUT_LANDLOCK(result);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(OpenInside("read/file", O_RDWR), EACCES);
  EXPECT_EQ(OpenInside("read/new", O_WRONLY | O_CREAT), EACCES);
  EXPECT_EQ(Inside(rules_, [&] { return ErrorOf(::unlink(Path("read/file").c_str())); }), EACCES);
}

TEST_F(SandboxTest, FilesOfItsOwnFolderAreMadeReplacedAndRemoved) {
  const int result = Inside(rules_, [&] {
    if (!ReplaceFile(Path("own/file"), "one").ok()) return 1;
    if (!ReplaceFile(Path("own/file"), "two").ok()) return 2;
    return ErrorOf(::unlink(Path("own/file").c_str()));
  });
  EXPECT_EQ(result, 0);
}

TEST_F(SandboxTest, ProgramsCanNotBeStarted) {
  char* const words[] = {nullptr};
  EXPECT_EQ(Inside(rules_, [&] { return ErrorOf(::execv("/bin/true", words)); }), EPERM);
  if (kIsSanitized) return;
  EXPECT_EQ(Inside(rules_, [] { return ErrorOf(::fork()); }), EPERM);
}

TEST_F(SandboxTest, NamedProgramsCanBeStartedAndNoOthers) {
  rules_.run = OwnProgram();
  rules_.read = {"/usr", "/lib", "/lib64", "/proc"};
  rules_.write.emplace_back("/dev/null");
  const auto start = [](const char* path) {
    return [path] {
      char name[] = "test";
      char list[] = "--gtest_list_tests";
      char* const words[] = {name, list, nullptr};
      ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
      return ErrorOf(::execv(path, words));
    };
  };
  EXPECT_EQ(Inside(rules_, start("/proc/self/exe")), 0);
  const int result = Inside(rules_, start("/bin/true"), true);
  SKIP_WITHOUT_LANDLOCK(result);
  EXPECT_EQ(result, EACCES);
}

TEST_F(SandboxTest, RawSocketsAreRefusedButToACapture) {
  const auto packets = [] { return ErrorOf(::socket(AF_PACKET, SOCK_RAW, 0)); };
  const auto raw = [] { return ErrorOf(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); };
  EXPECT_EQ(Inside(rules_, packets), EPERM);
  rules_.keep = Keep::kPacketSockets;
  EXPECT_EQ(Inside(rules_, raw), EPERM);
  if (::geteuid() != 0) GTEST_SKIP() << "not root";
  EXPECT_EQ(Inside(rules_, packets), 0);
}

TEST_F(SandboxTest, FamiliesWithoutUseAreRefused) {
  for (const int family : {AF_ALG, AF_VSOCK, AF_BLUETOOTH}) {
    EXPECT_EQ(Inside(rules_, [&] { return ErrorOf(::socket(family, SOCK_STREAM, 0)); }), EPERM);
  }
  EXPECT_EQ(Inside(rules_, [] { return ErrorOf(::socket(AF_INET6, SOCK_STREAM, 0)); }), 0);
}

TEST_F(SandboxTest, CallsThatReachIntoTheSystemAreRefused) {
  EXPECT_EQ(Inside(rules_, [] { return ErrorOf(::syscall(SYS_bpf, 0, nullptr, 0)); }), EPERM);
  EXPECT_EQ(Inside(rules_, [] { return ErrorOf(::syscall(SYS_keyctl, 0, 0, 0, 0, 0)); }), EPERM);
  EXPECT_EQ(Inside(rules_, [] { return ErrorOf(::syscall(SYS_unshare, 0)); }), EPERM);
  EXPECT_EQ(Inside(rules_, [] { return ErrorOf(::syscall(SYS_io_uring_setup, 1, nullptr)); }),
            EPERM);
  if (kIsSanitized) return;
  EXPECT_EQ(Inside(rules_, [] { return ErrorOf(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }),
            EPERM);
}

TEST_F(SandboxTest, MemoryIsNeverBothWrittenAndRun) {
  const auto map = [](int protection) {
    return [protection] {
      void* const at = ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      return at == MAP_FAILED ? errno : 0;
    };
  };
  EXPECT_EQ(Inside(rules_, map(PROT_READ | PROT_WRITE | PROT_EXEC)), EPERM);
  EXPECT_EQ(Inside(rules_, map(PROT_READ | PROT_EXEC)), 0);
  const auto turn = [&] {
    void* const at =
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return ErrorOf(::mprotect(at, 4096, PROT_READ | PROT_EXEC));
  };
  EXPECT_EQ(Inside(rules_, turn), EPERM);
}

TEST_F(SandboxTest, TcpGoesToNamedPortsOnly) {
  rules_.connect = {3306};
  const auto connect_to = [](uint16_t port) {
    return [port] {
      sockaddr_in there{};
      there.sin_family = AF_INET;
      there.sin_port = htons(port);
      there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      const void* const at = &there;
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      return ErrorOf(::connect(fd, static_cast<const sockaddr*>(at), sizeof there));
    };
  };
  const int result = Inside(rules_, connect_to(80), true);
  SKIP_WITHOUT_LANDLOCK(result);
  if (result != EACCES) GTEST_SKIP() << "this kernel's Landlock knows no ports";
  const int named = Inside(rules_, connect_to(3306));
  EXPECT_TRUE(named == 0 || named == EINPROGRESS || named == ECONNREFUSED) << named;
}

TEST_F(SandboxTest, ThreadsAreMadeAndAreInIt) {
  const int result = Inside(rules_, [] {
    int error = 0;
    std::thread([&] { error = ErrorOf(::socket(AF_PACKET, SOCK_RAW, 0)); }).join();
    return error;
  });
  EXPECT_EQ(result, EPERM);
}

TEST_F(SandboxTest, NothingNewIsToBeHad) {
  EXPECT_EQ(Inside(rules_, [] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }), 1);
}

}  // namespace
}  // namespace dfc
