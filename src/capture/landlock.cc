#include "landlock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "dfc/file.h"

namespace dfc {

namespace {

// Newer than Debian 12's header: from interface 3, 5, 4 and 6 on.
constexpr uint64_t kTruncate = uint64_t{1} << 14;
constexpr uint64_t kDeviceControl = uint64_t{1} << 15;
constexpr uint64_t kBindTcp = uint64_t{1} << 0;
constexpr uint64_t kConnectTcp = uint64_t{1} << 1;
constexpr uint64_t kAbstractSockets = uint64_t{1} << 0;
constexpr uint64_t kSignals = uint64_t{1} << 1;
constexpr int kRulePort = 2;

// The kernel's structures, with the fields that are newer than the header.
struct RulesetAttributes {
  uint64_t files = 0;
  uint64_t ports = 0;
  uint64_t scoped = 0;
};
struct PortAttributes {
  uint64_t allowed = 0;
  uint64_t port = 0;
};

constexpr uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kWrite = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                            LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                            LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | kTruncate;
constexpr uint64_t kRun = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE;
// What a rule for something that is no folder may speak of.
constexpr uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                              LANDLOCK_ACCESS_FS_READ_FILE | kTruncate | kDeviceControl;
// All that interface 1 knows of: 13 rights.
constexpr uint64_t kFirstRights = (uint64_t{1} << 13) - 1;

int AskVersion() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

// All that this kernel can refuse.
RulesetAttributes AllOf(int version) {
  RulesetAttributes all{.files = kFirstRights};
  if (version >= 2) all.files |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) all.files |= kTruncate;
  if (version >= 4) all.ports = kBindTcp | kConnectTcp;
  if (version >= 5) all.files |= kDeviceControl;
  if (version >= 6) all.scoped = kAbstractSockets | kSignals;
  return all;
}

class Ruleset {
 public:
  explicit Ruleset(int version) : all_(AllOf(version)) {
    // Each version has taken the structure as long as it knew it.
    const size_t bytes = version >= 6 ? sizeof all_ : version >= 4 ? 16 : 8;
    fd_ = Fd(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all_, bytes, 0)));
  }
  bool ok() const { return fd_.ok(); }

  absl::Status Allow(const std::string& path, uint64_t rights) const {
    const Fd there(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat facts {};
    if (!there.ok() || ::fstat(there.get(), &facts) != 0) return absl::OkStatus();
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights & all_.files & (S_ISDIR(facts.st_mode) ? ~uint64_t{0} : kOfFiles);
    rule.parent_fd = there.get();
    return Add(LANDLOCK_RULE_PATH_BENEATH, &rule, path);
  }

  absl::Status AllowPort(uint16_t port, uint64_t rights) const {
    if (all_.ports == 0) return absl::OkStatus();
    const PortAttributes rule{rights, port};
    return Add(kRulePort, &rule, "a port");
  }

  absl::Status Restrict() const {
    if (::syscall(SYS_landlock_restrict_self, fd_.get(), 0) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, "enter the sandbox (Landlock)");
  }

 private:
  absl::Status Add(int kind, const void* rule, const std::string& what) const {
    if (::syscall(SYS_landlock_add_rule, fd_.get(), kind, rule, 0) == 0) return absl::OkStatus();
    return ErrnoStatus(errno, fmt::format("sandbox: allow {}", what));
  }

  const RulesetAttributes all_;
  Fd fd_;
};

}  // namespace

absl::StatusOr<int> EnterLandlock(const SandboxRules& rules) {
  const int version = AskVersion();
  if (version == 0) return 0;
  const Ruleset ruleset(version);
  if (!ruleset.ok()) return ErrnoStatus(errno, "make a sandbox (Landlock)");
  for (const std::string& path : rules.read) DFC_RETURN_IF_ERROR(ruleset.Allow(path, kRead));
  for (const std::string& path : rules.write) DFC_RETURN_IF_ERROR(ruleset.Allow(path, kWrite));
  for (const std::string& path : rules.run) DFC_RETURN_IF_ERROR(ruleset.Allow(path, kRun));
  for (const uint16_t port : rules.connect) {
    DFC_RETURN_IF_ERROR(ruleset.AllowPort(port, kConnectTcp));
  }
  for (const uint16_t port : rules.listen) {
    DFC_RETURN_IF_ERROR(ruleset.AllowPort(port, kBindTcp));
  }
  DFC_RETURN_IF_ERROR(ruleset.Restrict());
  return version;
}

}  // namespace dfc
