// Joins two TAP devices in two network namespaces and impairs the frames that pass between them.
//
//   namespace A                        this program                        namespace B
//   kernel -> TAP_A --read--> [loss, corrupt, duplicate, reorder] --write--> TAP_B -> kernel
//   kernel <- TAP_A <-write-- [loss, corrupt, duplicate, reorder] <--read--- TAP_B <- kernel
//
// Rates are per mille: "20" for both directions, "20/0" for A to B and B to A. Every direction
// has its own generator and rolls the same number of dice for every frame, so its n-th frame
// has the same fate in every run with the same seed. With PCAP it records what passes at end B:
// the frames that B's kernel took, as they were by then, and those that it sent, unimpaired yet.
// One thread; stops on SIGTERM or SIGINT.

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kFrameBytesMax = 65536;
constexpr size_t kEthernetHeaderBytes = 14;  // Never corrupted, so the frame still arrives.
constexpr size_t kHeldFramesMax = 256;
constexpr uint32_t kHeldBehindMax = 8;             // A reordered frame lets 1 to 8 later ones pass.
constexpr std::chrono::milliseconds kHoldTime(5);  // It goes then, though none has passed.
constexpr int kFramesPerTurn = 64;

struct Rates {
  uint32_t loss, reorder, duplicate, corrupt;  // Per mille.
};

struct Counts {
  uint64_t frames, lost, reordered, duplicated, corrupted;
  uint64_t refused;  // The receiving kernel did not take these: its device was down.
};

[[noreturn]] void Die(const std::string& doing) {
  std::cerr << "impair: " << doing << ": " << std::strerror(errno) << "\n";
  std::exit(1);
}

// A pcap file with times in nanoseconds, or nothing at all where `path` is empty.
class Recording {
 public:
  explicit Recording(const std::string& path) {
    if (path.empty()) return;
    file_.open(path, std::ios::binary);
    Write(std::array<uint32_t, 6>{0xA1B23C4D, 4u << 16 | 2, 0, 0, 262144, 1});
  }

  void Add(std::span<const uint8_t> frame) {
    if (!file_.is_open()) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    const auto bytes = static_cast<uint32_t>(frame.size());
    Write(std::array<uint32_t, 4>{static_cast<uint32_t>(now_ns / 1'000'000'000),
                                  static_cast<uint32_t>(now_ns % 1'000'000'000), bytes, bytes});
    file_.write(reinterpret_cast<const char*>(frame.data()), bytes);
  }

  void Close() {
    if (!file_.is_open()) return;
    file_.close();
    if (file_.fail()) Die("write recording");
  }

 private:
  template <size_t kWords>
  void Write(const std::array<uint32_t, kWords>& words) {
    file_.write(reinterpret_cast<const char*>(words.data()), sizeof words);
  }

  std::ofstream file_;
};

// One way through the link. Owns the frames it holds back; borrows the rest. `sent` and `arrived`
// record the frames before and after, where they are not null.
class Direction {
 public:
  Direction(const Rates& rates, uint32_t seed, int out_fd, Recording* sent, Recording* arrived)
      : rates_(rates), dice_(seed), out_fd_(out_fd), sent_(sent), arrived_(arrived) {}

  // Decides the fate of one frame; may change its bytes.
  void Pass(std::span<uint8_t> frame, Clock::time_point now) {
    if (sent_ != nullptr) sent_->Add(frame);
    const auto payload = frame.subspan(std::min(frame.size(), kEthernetHeaderBytes));
    const bool lost = Roll(rates_.loss);
    const bool corrupted = Roll(rates_.corrupt) && !payload.empty();
    const bool duplicated = Roll(rates_.duplicate);
    const bool reordered = Roll(rates_.reorder) && held_.size() < kHeldFramesMax;
    const auto where = static_cast<uint32_t>(dice_());
    const uint32_t behind = 1 + static_cast<uint32_t>(dice_()) % kHeldBehindMax;
    Release(now);
    ++counts_.frames;
    counts_.lost += lost;
    if (lost) return;
    counts_.corrupted += corrupted;
    counts_.duplicated += duplicated;
    counts_.reordered += reordered;
    if (corrupted) payload[where / 8 % payload.size()] ^= static_cast<uint8_t>(1 << where % 8);
    if (duplicated) Write(frame);
    if (!reordered) return Write(frame);
    held_.push_back({{frame.begin(), frame.end()}, counts_.frames + behind, now + kHoldTime});
  }

  // Lets go of the held frames that enough others have passed or that have waited long enough.
  void Release(Clock::time_point now) {
    std::erase_if(held_, [&](const Held& held) {
      const bool due = counts_.frames >= held.due_frames || now >= held.due_time;
      if (due) Write(held.bytes);
      return due;
    });
  }

  bool holding() const { return !held_.empty(); }

  void Print(const char* name) const {
    std::cerr << name << ": " << counts_.frames << " frames, " << counts_.lost << " lost, "
              << counts_.reordered << " reordered, " << counts_.duplicated << " duplicated, "
              << counts_.corrupted << " corrupted, " << counts_.refused << " refused\n";
  }

 private:
  struct Held {
    std::vector<uint8_t> bytes;
    uint64_t due_frames;
    Clock::time_point due_time;
  };

  bool Roll(uint32_t per_mille) { return dice_() % 1000 < per_mille; }

  void Write(std::span<const uint8_t> frame) {
    if (write(out_fd_, frame.data(), frame.size()) < 0) {
      ++counts_.refused;
    } else if (arrived_ != nullptr) {
      arrived_->Add(frame);
    }
  }

  const Rates rates_;
  std::mt19937 dice_;
  const int out_fd_;
  Recording* const sent_;
  Recording* const arrived_;
  std::vector<Held> held_;  // At most kHeldFramesMax.
  Counts counts_{};
};

// Opens the TAP `device` inside the namespace `netns`, making it if it is not there, and sets
// it up. This thread stays in that namespace afterwards, which nothing else here depends on.
int OpenTap(const std::string& netns, const std::string& device) {
  const int netns_fd = open(("/run/netns/" + netns).c_str(), O_RDONLY | O_CLOEXEC);
  if (netns_fd < 0 || setns(netns_fd, CLONE_NEWNET) < 0) Die("enter namespace " + netns);
  close(netns_fd);
  const int tap_fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (tap_fd < 0 || ioctl(tap_fd, TUNSETIFF, &request) < 0) Die("open TAP " + device);
  const int control_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control_fd < 0 || ioctl(control_fd, SIOCGIFFLAGS, &request) < 0) Die("read flags " + device);
  request.ifr_flags |= IFF_UP;
  if (ioctl(control_fd, SIOCSIFFLAGS, &request) < 0) Die("set up " + device);
  close(control_fd);
  return tap_fd;
}

uint32_t ParseNumber(const std::string& text) { return static_cast<uint32_t>(std::stoul(text)); }

// Reads the four rates of one direction (0: A to B, 1: B to A), each written "N" or "N/M".
Rates ParseRates(char** texts, int direction) {
  std::array<uint32_t, 4> rates;
  for (size_t i = 0; i < rates.size(); ++i) {
    const std::string text = texts[i];  // Without a "/" the second starts at npos + 1, the front.
    rates[i] = ParseNumber(direction == 0 ? text : text.substr(text.find('/') + 1));
  }
  return {rates[0], rates[1], rates[2], rates[3]};
}

// Reads a bounded number of frames, so that neither direction can starve the other.
void Turn(int in_fd, Direction& direction) {
  static std::array<uint8_t, kFrameBytesMax> buffer;
  for (int i = 0; i < kFramesPerTurn; ++i) {
    const ssize_t bytes = read(in_fd, buffer.data(), buffer.size());
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (bytes <= 0) Die("read TAP");
    direction.Pass({buffer.data(), static_cast<size_t>(bytes)}, Clock::now());
  }
  direction.Release(Clock::now());
}

int BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  if (signal_fd < 0) Die("make signalfd");
  return signal_fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 10 && argc != 11) {
    std::cerr << "usage: impair NS_A TAP_A NS_B TAP_B LOSS REORDER DUP CORRUPT SEED [PCAP]\n";
    return 2;
  }
  const uint32_t seed = ParseNumber(argv[9]);
  const int signal_fd = BlockStopSignals();
  const int a_fd = OpenTap(argv[1], argv[2]);
  const int b_fd = OpenTap(argv[3], argv[4]);
  Recording at_b(argc == 11 ? argv[10] : "");
  Direction a_to_b(ParseRates(argv + 5, 0), seed, b_fd, nullptr, &at_b);
  Direction b_to_a(ParseRates(argv + 5, 1), ~seed, a_fd, &at_b, nullptr);
  std::cerr << "ready\n";
  std::array<pollfd, 3> waits = {{{a_fd, POLLIN, 0}, {b_fd, POLLIN, 0}, {signal_fd, POLLIN, 0}}};
  while (waits[2].revents == 0) {
    const bool holding = a_to_b.holding() || b_to_a.holding();
    if (poll(waits.data(), waits.size(), holding ? 1 : -1) < 0 && errno != EINTR) Die("poll");
    Turn(a_fd, a_to_b);
    Turn(b_fd, b_to_a);
  }
  at_b.Close();
  a_to_b.Print("a to b");
  b_to_a.Print("b to a");
  return 0;
}
