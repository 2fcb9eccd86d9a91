#include "dfc/privileges.h"

#include <cap-ng.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace dfc {

namespace {

struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};

// Enough for what any directory service says of a user.
using AccountText = std::array<char, 16 << 10>;

std::optional<Account> AccountOf(const passwd* found) {
  if (found == nullptr) return std::nullopt;
  return Account{found->pw_name, found->pw_uid, found->pw_gid};
}

std::optional<Account> FindAccount(const std::string& name) {
  passwd entry{};
  passwd* found = nullptr;
  AccountText text;
  ::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  return AccountOf(found);
}

Account OwnAccount() {
  passwd entry{};
  passwd* found = nullptr;
  AccountText text;
  ::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found);
  return AccountOf(found).value_or(
      Account{fmt::format("{}", ::geteuid()), ::geteuid(), ::getegid()});
}

bool MayNow(unsigned capability) { return capng_have_capability(CAPNG_EFFECTIVE, capability) == 1; }

// Into libcap-ng's own state, from which they are set. Only what the process has can be kept.
void Choose(std::vector<unsigned> wanted, Privileges& privileges) {
  std::erase_if(wanted, [](unsigned capability) {
    return capng_have_capability(CAPNG_PERMITTED, capability) != 1;
  });
  capng_clear(CAPNG_SELECT_ALL);
  for (const unsigned capability : wanted) {
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
                 capability);
    privileges.kept.emplace_back(capng_capability_to_name(capability));
  }
}

absl::Status Refused(const std::string& what) {
  return absl::PermissionDeniedError(
      fmt::format("{}: the system refuses; run as another user, or with --user root", what));
}

// The account that was asked for; the process' own where it is to stay that.
absl::StatusOr<Account> Chosen(const std::string& user) {
  const Account own = OwnAccount();
  if (user.empty()) {
    return own.user == 0 ? FindAccount(kUsualUser).value_or(own) : own;
  }
  const std::optional<Account> named = FindAccount(user);
  if (!named) {
    return absl::InvalidArgumentError(
        fmt::format("no user '{}'; make it with: adduser --system --group {}", user, user));
  }
  if (own.user != 0 && named->user != own.user) {
    return absl::FailedPreconditionError(fmt::format(
        "only root can become user '{}'; run as root, or leave --user out", named->name));
  }
  return *named;
}

}  // namespace

absl::StatusOr<Privileges> DropPrivileges(const std::string& user, Keep keep) {
  DFC_ASSIGN_OR_RETURN(const Account account, Chosen(user));
  Privileges privileges;
  privileges.user = account.name;
  const bool is_root = ::geteuid() == 0;
  privileges.was_root = is_root;
  privileges.left_root = is_root && account.user != 0;
  if (capng_get_caps_process() != 0) return Refused("look at capabilities");
  const bool may_bound = MayNow(CAP_SETPCAP);
  std::vector<unsigned> wanted;
  if (keep == Keep::kPacketSockets) wanted.push_back(CAP_NET_RAW);
  if (is_root && account.user == 0) wanted.push_back(CAP_DAC_OVERRIDE);
  Choose(std::move(wanted), privileges);
  // Handed on to programs that are started; those that need one do not come from here.
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (privileges.left_root) {
    const int bounds = may_bound ? CAPNG_CLEAR_BOUNDING : CAPNG_NO_FLAG;
    const auto flags = static_cast<capng_flags_t>(CAPNG_INIT_SUPP_GRP | bounds);
    if (capng_change_id(static_cast<int>(account.user), static_cast<int>(account.group), flags) !=
        0) {
      return Refused(fmt::format("become user '{}'", account.name));
    }
  } else if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0) {
    return Refused("give up capabilities");
  }
  ForgoNewPrivileges();
  return privileges;
}

// Fails on kernels only that are older than what this is built for.
void ForgoNewPrivileges() { ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

}  // namespace dfc
