#include "dfc/interfaces.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "dfc/file.h"

namespace dfc {

namespace {

// Of all interfaces of the network namespace, with counters of 64 bits.
constexpr const char* kCountersPath = "/proc/net/dev";
constexpr int kHeadLines = 2;

// Asks the kernel about one interface.
class Question {
 public:
  Question(const Fd& socket, const std::string& name) : socket_(socket) {
    std::memcpy(request_.ifr_name, name.data(),
                std::min(name.size(), sizeof request_.ifr_name - 1));
  }

  // 0 where there is no answer.
  unsigned Flags() {
    return ::ioctl(socket_.get(), SIOCGIFFLAGS, &request_) == 0
               ? static_cast<unsigned>(request_.ifr_flags)
               : 0;
  }

  bool IsOn(uint32_t command, uint32_t mask = ~uint32_t{0}) {
    ethtool_value value{command, 0};
    return Ethtool(&value) && (value.data & mask) != 0;
  }

  std::optional<uint32_t> SpeedMbit() {
    ethtool_cmd command{};
    command.cmd = ETHTOOL_GSET;
    if (!Ethtool(&command)) return {};
    const uint32_t speed = ethtool_cmd_speed(&command);
    if (speed == 0 || speed == static_cast<uint32_t>(SPEED_UNKNOWN)) return {};
    return speed;
  }

 private:
  bool Ethtool(void* command) {
    request_.ifr_data = static_cast<char*>(command);
    return ::ioctl(socket_.get(), SIOCETHTOOL, &request_) == 0;
  }

  const Fd& socket_;
  ifreq request_{};
};

std::vector<std::string> OffloadsOf(Question& question) {
  struct Offload {
    const char* name;
    uint32_t command;
    uint32_t mask;
  };
  constexpr uint32_t kAny = ~uint32_t{0};
  constexpr std::array kOffloads = {Offload{"gro", ETHTOOL_GGRO, kAny},
                                    Offload{"lro", ETHTOOL_GFLAGS, ETH_FLAG_LRO},
                                    Offload{"gso", ETHTOOL_GGSO, kAny},
                                    Offload{"tso", ETHTOOL_GTSO, kAny},
                                    Offload{"rx-checksum", ETHTOOL_GRXCSUM, kAny},
                                    Offload{"tx-checksum", ETHTOOL_GTXCSUM, kAny}};
  std::vector<std::string> names;
  for (const Offload& offload : kOffloads) {
    if (question.IsOn(offload.command, offload.mask)) names.emplace_back(offload.name);
  }
  return names;
}

// A line is "eth0: " and received bytes, packets, six more; sent bytes, packets, six more.
bool ReadCounters(const std::string& line, NetworkInterface& interface) {
  const size_t colon = line.rfind(':');
  if (colon == std::string::npos) return false;
  const size_t start = line.find_first_not_of(' ');
  interface.name = line.substr(start, colon - start);
  std::istringstream numbers(line.substr(colon + 1));
  numbers >> interface.received_bytes >> interface.received_packets;
  uint64_t skipped = 0;
  for (int n = 0; n < 6; ++n) numbers >> skipped;
  numbers >> interface.sent_bytes >> interface.sent_packets;
  return !numbers.fail();
}

}  // namespace

absl::StatusOr<std::vector<NetworkInterface>> ListInterfaces() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.ok()) return ErrnoStatus(errno, "network interfaces");
  std::ifstream counters(kCountersPath);
  if (!counters) return ErrnoStatus(errno, kCountersPath);
  std::vector<NetworkInterface> interfaces;
  std::string line;
  for (int n = 0; n < kHeadLines; ++n) std::getline(counters, line);
  while (std::getline(counters, line)) {
    NetworkInterface interface;
    if (!ReadCounters(line, interface)) continue;
    Question question(socket, interface.name);
    const unsigned flags = question.Flags();
    interface.up = (flags & IFF_UP) != 0;
    interface.has_carrier = (flags & IFF_RUNNING) != 0;
    interface.speed_mbit = question.SpeedMbit();
    interface.offloads = OffloadsOf(question);
    interfaces.push_back(std::move(interface));
  }
  std::ranges::sort(interfaces, {}, &NetworkInterface::name);
  return interfaces;
}

}  // namespace dfc
