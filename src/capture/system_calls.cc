#include "system_calls.h"

#include <fmt/format.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <initializer_list>
#include <memory>

#include "dfc/privileges.h"

#if defined(__SANITIZE_ADDRESS__)
#define DFC_LOOKS_FOR_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DFC_LOOKS_FOR_LEAKS 1
#endif
#endif

namespace dfc {

namespace {

// By name: one that the library, or this machine's architecture, does not have is left out.
using Names = std::initializer_list<const char*>;

// Of these all arguments: what they reach is bounded by Landlock, by open descriptors, and by whom
// the process runs as.
constexpr Names kMemory = {"brk",   "munmap", "mremap",  "madvise", "msync",
                           "mlock", "mlock2", "munlock", "mincore", "membarrier"};
constexpr Names kFiles = {
    "open",      "openat",      "close",     "close_range", "read",       "write",
    "pread64",   "pwrite64",    "readv",     "writev",      "preadv",     "pwritev",
    "preadv2",   "pwritev2",    "lseek",     "_llseek",     "fsync",      "fdatasync",
    "ftruncate", "ftruncate64", "truncate",  "fallocate",   "fadvise64",  "sync_file_range",
    "rename",    "renameat",    "renameat2", "unlink",      "unlinkat",   "link",
    "linkat",    "mkdir",       "mkdirat",   "rmdir",       "stat",       "fstat",
    "lstat",     "stat64",      "fstat64",   "lstat64",     "newfstatat", "fstatat64",
    "statx",     "statfs",      "fstatfs",   "statfs64",    "fstatfs64",  "access",
    "faccessat", "faccessat2",  "readlink",  "readlinkat",  "getdents",   "getdents64",
    "fcntl",     "fcntl64",     "flock",     "dup",         "dup2",       "dup3",
    "pipe",      "pipe2",       "umask",     "fchmod",      "fchmodat",   "chmod",
    "fchown",    "fchown32",    "utimensat", "sendfile",    "sendfile64", "copy_file_range",
    "getcwd",    "readahead"};
constexpr Names kTime = {"clock_gettime",
                         "clock_getres",
                         "clock_nanosleep",
                         "clock_gettime64",
                         "clock_nanosleep_time64",
                         "nanosleep",
                         "gettimeofday",
                         "time",
                         "times"};
constexpr Names kThreads = {"futex",
                            "futex_time64",
                            "futex_waitv",
                            "set_robust_list",
                            "get_robust_list",
                            "rseq",
                            "sched_yield",
                            "set_tid_address",
                            "sched_getaffinity",
                            "sched_getparam",
                            "sched_getscheduler",
                            "getcpu",
                            "sched_setaffinity",
                            "exit",
                            "exit_group",
                            "gettid",
                            "getpid",
                            "getppid",
                            "tgkill",
                            "prctl",
                            "arch_prctl",
                            "restart_syscall"};
constexpr Names kSignals = {"rt_sigaction",           "rt_sigprocmask", "rt_sigreturn",
                            "rt_sigtimedwait",        "rt_sigpending",  "rt_sigsuspend",
                            "rt_sigtimedwait_time64", "sigaltstack",    "sigreturn"};
constexpr Names kWaiting = {"poll",           "ppoll",      "ppoll_time64",   "select",
                            "_newselect",     "pselect6",   "epoll_create",   "epoll_create1",
                            "epoll_ctl",      "epoll_wait", "epoll_pwait",    "epoll_pwait2",
                            "eventfd",        "eventfd2",   "timerfd_create", "timerfd_settime",
                            "timerfd_gettime"};
constexpr Names kWhoAmI = {"getuid",    "geteuid",   "getgid",    "getegid",    "getgroups",
                           "getuid32",  "geteuid32", "getgid32",  "getegid32",  "getresuid",
                           "getresgid", "capget",    "getrlimit", "ugetrlimit", "prlimit64",
                           "getrusage", "sysinfo",   "uname",     "getrandom"};
constexpr Names kSockets = {"connect",     "bind",        "listen",     "accept",     "accept4",
                            "getsockname", "getpeername", "getsockopt", "setsockopt", "sendto",
                            "recvfrom",    "sendmsg",     "recvmsg",    "sendmmsg",   "recvmmsg",
                            "shutdown",    "socketpair",  "send",       "recv"};
// An import of `dfc serve` is a process of its own.
constexpr Names kProcesses = {"clone", "fork", "vfork", "execve", "wait4", "waitid", "kill"};

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {}
  bool ok() const { return context_ != nullptr && failed_ == 0; }
  int failed() const { return failed_; }
  scmp_filter_ctx get() const { return context_.get(); }

  void Allow(Names names) {
    for (const char* const name : names) Rule(SCMP_ACT_ALLOW, name, {});
  }
  void Rule(uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> arguments) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR || context_ == nullptr) return;
    const int result = seccomp_rule_add_array(
        context_.get(), action, call, static_cast<unsigned>(arguments.size()), arguments.begin());
    if (result != 0 && failed_ == 0) failed_ = -result;
  }

 private:
  struct Closer {
    void operator()(void* context) const { seccomp_release(context); }
  };
  std::unique_ptr<void, Closer> context_;
  int failed_ = 0;
};

scmp_arg_cmp Masked(unsigned argument, uint64_t mask, uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}
scmp_arg_cmp Equal(unsigned argument, uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }

// Libraries that are loaded later are mapped to be run, but never to be written as well.
void AllowMapping(Filter& filter) {
  for (const char* const name : {"mmap", "mmap2"}) {
    filter.Rule(SCMP_ACT_ALLOW, name, {Masked(2, PROT_EXEC, 0)});
    filter.Rule(SCMP_ACT_ALLOW, name, {Masked(2, PROT_EXEC | PROT_WRITE, PROT_EXEC)});
  }
  filter.Rule(SCMP_ACT_ALLOW, "mprotect", {Masked(2, PROT_EXEC, 0)});
}

// Threads, but not by clone3(), whose arguments a filter can't see: the C library takes clone()
// where that is not there.
void AllowThreads(Filter& filter) {
  filter.Rule(SCMP_ACT_ERRNO(ENOSYS), "clone3", {});
  filter.Rule(SCMP_ACT_ALLOW, "clone", {Masked(0, CLONE_THREAD, CLONE_THREAD)});
}

// Neither raw sockets, by which packets of others' making could be sent, nor families of which
// nobody here has need: they are where kernels are broken.
void AllowSockets(Filter& filter, Keep keep) {
  constexpr uint64_t kTypeBits = 0xF;
  for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      filter.Rule(SCMP_ACT_ALLOW, "socket",
                  {Equal(0, static_cast<uint64_t>(family)),
                   Masked(1, kTypeBits, static_cast<uint64_t>(type))});
    }
  }
  // By it the C library learns which addresses this machine has, to choose among a server's.
  filter.Rule(SCMP_ACT_ALLOW, "socket", {Equal(0, AF_NETLINK)});
  if (keep == Keep::kPacketSockets) {
    filter.Rule(SCMP_ACT_ALLOW, "socket", {Equal(0, AF_PACKET)});
  }
}

// The leak sanitizer, in the end of a program that is built with it, looks at its threads from a
// process that it makes for it.
void AllowSanitizer([[maybe_unused]] Filter& filter) {
#ifdef DFC_LOOKS_FOR_LEAKS
  filter.Allow({"clone", "fork", "ptrace", "wait4", "kill", "tkill", "process_vm_readv",
                "personality", "setrlimit"});
#endif
}

}  // namespace

absl::Status EnterSeccomp(const SandboxRules& rules) {
  Filter filter;
  for (const Names& names :
       {kMemory, kFiles, kTime, kThreads, kSignals, kWaiting, kWhoAmI, kSockets}) {
    filter.Allow(names);
  }
  // Into a terminal, as if somebody had typed it.
  filter.Rule(SCMP_ACT_ALLOW, "ioctl", {{1, SCMP_CMP_NE, TIOCSTI, 0}});
  AllowMapping(filter);
  AllowThreads(filter);
  AllowSockets(filter, rules.keep);
  if (!rules.run.empty()) filter.Allow(kProcesses);
  AllowSanitizer(filter);
  if (!filter.ok()) return ErrnoStatus(filter.failed(), "make a sandbox (seccomp)");
  // As a tree: the list is long. For threads, too, that a library may have made by now.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  const int loaded = seccomp_load(filter.get());
  return loaded == 0 ? absl::OkStatus() : ErrnoStatus(-loaded, "enter the sandbox (seccomp)");
}

}  // namespace dfc
