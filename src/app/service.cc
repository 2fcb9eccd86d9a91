#include "service.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "dfc/time.h"

namespace dfc {
namespace {

// 0 where it is no number.
int64_t NumberIn(const char* name) {
  const char* const text = std::getenv(name);
  int64_t number = 0;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), number);
  return number;
}

// "@name" is a socket without a file.
Fd Connected(std::string_view path) {
  sockaddr_un there{};
  there.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof there.sun_path) return Fd();
  if (path[0] != '/' && path[0] != '@') return Fd();
  std::memcpy(there.sun_path, path.data(), path.size());
  if (path[0] == '@') there.sun_path[0] = '\0';
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const void* const at = &there;
  if (!fd.ok() || ::connect(fd.get(), static_cast<const sockaddr*>(at), bytes) != 0) return Fd();
  return fd;
}

}  // namespace

ServiceManager::ServiceManager() {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path != nullptr) socket_ = Connected(path);
  const int64_t watched = NumberIn("WATCHDOG_PID");
  if (watched != 0 && watched != ::getpid()) return;
  constexpr int64_t kNsPerUs = 1'000;
  const int64_t most_us = INT64_MAX / kNsPerUs;
  const int64_t watchdog_us = NumberIn("WATCHDOG_USEC");
  if (watchdog_us > 0 && watchdog_us <= most_us) watchdog_ns_ = watchdog_us * kNsPerUs;
}

// A manager that does not listen is none of a sensor's business.
void ServiceManager::Tell(const std::string& lines) const {
  if (!socket_.ok()) return;
  (void)!::send(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void ServiceManager::TellReloading() const {
  Tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", MonotonicClockNs() / 1'000));
}

}  // namespace dfc
