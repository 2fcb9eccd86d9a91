#include "live_interface.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dfc/file.h"
#include "dfc/log_value.h"
#include "dfc/time.h"

namespace dfc {

namespace {

// The kernel closes a block that is not full between one and two timeouts after its first frame; a
// third is for the machine to get round to it.
constexpr int64_t kTimeoutsToRetire = 3;
// Where the counters say that there is more, which a filter may keep back: no longer than that.
constexpr int64_t kTimeoutsToDrain = 6;

// What a callback of libpcap is given.
struct Delivery {
  FrameHandler& handler;
  int64_t tick_ns;
  uint16_t link_type;
};

void Deliver(u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
  const auto& delivery = *static_cast<const Delivery*>(static_cast<const void*>(user));
  Frame frame;
  frame.time_ns = header->ts.tv_sec * kNsPerSecond + header->ts.tv_usec * delivery.tick_ns;
  frame.bytes = ByteSpan(bytes, header->caplen);
  frame.wire_bytes = std::max(header->len, header->caplen);
  frame.link_type = delivery.link_type;
  delivery.handler.OnFrame(frame);
}

absl::Status OpenError(int code, const std::string& name, pcap_t* pcap) {
  switch (code) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return absl::NotFoundError(
          fmt::format("no network interface '{}'; dfc interfaces lists them", name));
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return absl::PermissionDeniedError(
          fmt::format("no permission to capture on {}: needs root, or the capability CAP_NET_RAW "
                      "(setcap cap_net_raw+ep on the program)",
                      name));
    case PCAP_ERROR_IFACE_NOT_UP:
      return absl::FailedPreconditionError(
          fmt::format("{} is down; run: ip link set {} up", name, name));
    default: {
      const std::string_view reason(pcap_geterr(pcap));
      return absl::UnknownError(
          fmt::format("capture on {}: {}", name, reason.empty() ? pcap_statustostr(code) : reason));
    }
  }
}

// How far a counter of 32 bits has come since it was read last.
uint64_t Since(u_int now, u_int last) { return now - last; }

}  // namespace

absl::StatusOr<std::unique_ptr<LiveInterface>> LiveInterface::Open(const std::string& name,
                                                                   const LiveOptions& options) {
  std::unique_ptr<LiveInterface> interface(new LiveInterface(name, options));
  DFC_RETURN_IF_ERROR(interface->Activate());
  return interface;
}

absl::StatusOr<LiveInterface::PcapPtr> LiveInterface::Create() const {
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  PcapPtr pcap(pcap_create(name_.c_str(), reason.data()));
  if (pcap == nullptr) {
    return absl::UnknownError(fmt::format("capture on {}: {}", name_, reason.data()));
  }
  // These can't fail before activation, but for time stamps, which are asked for below.
  pcap_set_snaplen(pcap.get(), static_cast<int>(options_.snaplen_bytes));
  pcap_set_promisc(pcap.get(), options_.promiscuous ? 1 : 0);
  pcap_set_timeout(pcap.get(), options_.timeout_ms);
  pcap_set_buffer_size(pcap.get(), static_cast<int>(options_.ring_bytes));
  pcap_set_tstamp_precision(pcap.get(), PCAP_TSTAMP_PRECISION_NANO);
  const int code = pcap_activate(pcap.get());
  if (code < 0) return OpenError(code, name_, pcap.get());
  if (pcap_setnonblock(pcap.get(), 1, reason.data()) != 0) {
    return absl::UnknownError(fmt::format("capture on {}: {}", name_, reason.data()));
  }
  return pcap;
}

absl::StatusOr<FilterCode> LiveInterface::Compile(pcap_t* pcap, const std::string& filter) const {
  FilterCode code;
  constexpr int kOptimize = 1;
  if (pcap_compile(pcap, code.get(), filter.c_str(), kOptimize, PCAP_NETMASK_UNKNOWN) == 0) {
    return code;
  }
  return absl::InvalidArgumentError(
      fmt::format("filter '{}' does not compile for {}: {}", filter, name_, pcap_geterr(pcap)));
}

absl::Status LiveInterface::SetFilter(pcap_t* pcap) const {
  DFC_ASSIGN_OR_RETURN(FilterCode code, Compile(pcap, options_.filter));
  if (pcap_setfilter(pcap, code.get()) == 0) return absl::OkStatus();
  return absl::UnknownError(fmt::format("capture on {}: {}", name_, pcap_geterr(pcap)));
}

// One that is away compiles it when it is back: by then it may be of another kind anyway.
absl::Status LiveInterface::TryFilter(const std::string& filter) const {
  return pcap_ == nullptr ? absl::OkStatus() : Compile(pcap_.get(), filter).status();
}

absl::Status LiveInterface::RenewFilter() {
  return pcap_ == nullptr || stopped_ns_ != 0 ? absl::OkStatus() : SetFilter(pcap_.get());
}

absl::Status LiveInterface::Activate() {
  DFC_ASSIGN_OR_RETURN(PcapPtr pcap, Create());
  if (!options_.filter.empty()) DFC_RETURN_IF_ERROR(SetFilter(pcap.get()));
  const bool is_nano = pcap_get_tstamp_precision(pcap.get()) == PCAP_TSTAMP_PRECISION_NANO;
  tick_ns_ = is_nano ? 1 : 1'000;
  link_type_ = static_cast<uint16_t>(pcap_datalink(pcap.get()));
  last_ = pcap_stat{};
  pcap_ = std::move(pcap);
  up_ = IsUp();
  return absl::OkStatus();
}

size_t LiveInterface::Dispatch(FrameHandler& handler, size_t frames_max) {
  if (pcap_ == nullptr) return 0;
  Delivery delivery{handler, tick_ns_, link_type_};
  void* const user = &delivery;
  const int frames =
      pcap_dispatch(pcap_.get(), static_cast<int>(frames_max), Deliver, static_cast<u_char*>(user));
  was_empty_ = frames <= 0;
  if (frames < 0 && lost_ns_ == 0) Lose(MonotonicClockNs());
  if (frames <= 0) return 0;
  counters_.handed_on += static_cast<uint64_t>(frames);
  return static_cast<size_t>(frames);
}

int LiveInterface::fd() const {
  return pcap_ == nullptr || lost_ns_ != 0 ? -1 : pcap_get_selectable_fd(pcap_.get());
}

// The ring is still there, and its last block may yet be closed: it is read for a while longer.
void LiveInterface::Lose(int64_t now_ns) {
  lost_ns_ = now_ns;
  Log("interface-gone");
}

void LiveInterface::Look(int64_t now_ns) {
  if (pcap_ != nullptr && lost_ns_ == 0) {
    const bool up = IsUp();
    if (up != up_) Log(up ? "interface-up" : "interface-down");
    up_ = up;
    return;
  }
  if (pcap_ != nullptr) {
    if (now_ns - lost_ns_ < kTimeoutsToRetire * options_.timeout_ms * kNsPerMs) return;
    ReadStats();
    pcap_.reset();
  }
  if (stopped_ns_ != 0 || !Activate().ok()) return;
  lost_ns_ = 0;
  Log("interface-back");
}

// A filter that lets nothing pass: what the kernel counts from here on stays as it is.
void LiveInterface::StopIntake(int64_t now_ns) {
  stopped_ns_ = now_ns;
  was_empty_ = false;
  if (pcap_ == nullptr) return;
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &nothing};
  ::setsockopt(pcap_get_selectable_fd(pcap_.get()), SOL_SOCKET, SO_ATTACH_FILTER, &program,
               sizeof program);
}

// By the counters where they tell all; a filter set after the start, or the loopback device, of
// which libpcap hands on one direction, make them tell too much: then by the time.
bool LiveInterface::Drained(int64_t now_ns) {
  if (pcap_ == nullptr) return true;
  const int64_t timeouts = (now_ns - stopped_ns_) / (options_.timeout_ms * kNsPerMs);
  if (!was_empty_) return false;
  ReadStats();
  const bool all_came = counters_.handed_on + counters_.kernel_drops >= counters_.kernel_seen;
  return all_came || timeouts >= kTimeoutsToDrain;
}

void LiveInterface::ReadStats() {
  pcap_stat now{};
  if (pcap_ == nullptr || pcap_stats(pcap_.get(), &now) != 0) return;
  counters_.kernel_seen += Since(now.ps_recv, last_.ps_recv);
  counters_.kernel_drops += Since(now.ps_drop, last_.ps_drop);
  counters_.interface_drops += Since(now.ps_ifdrop, last_.ps_ifdrop);
  last_ = now;
}

void LiveInterface::Count(LiveCounters& total) {
  ReadStats();
  total.handed_on += counters_.handed_on;
  total.kernel_seen += counters_.kernel_seen;
  total.kernel_drops += counters_.kernel_drops;
  total.interface_drops += counters_.interface_drops;
}

// An interface that can't be asked counts as up: that it is away, libpcap tells.
bool LiveInterface::IsUp() const {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  const size_t bytes = std::min(name_.size(), sizeof request.ifr_name - 1);
  std::memcpy(request.ifr_name, name_.data(), bytes);
  if (!socket.ok() || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return true;
  return (request.ifr_flags & IFF_UP) != 0;
}

void LiveInterface::Log(const char* event) const {
  if (options_.log) options_.log(fmt::format("event={} interface={}", event, LogValue(name_)));
}

}  // namespace dfc
