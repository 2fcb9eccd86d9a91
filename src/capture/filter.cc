#include "filter.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <utility>

#include "dfc/packet_source.h"

namespace dfc {

class Filter::Program {
 public:
  Program(uint16_t link_type, FileOrder order) : link_type_(link_type), order_(order) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { pcap_freecode(&code_); }

  bool IsFor(uint16_t link_type, FileOrder order) const {
    return link_type_ == link_type && order_.swapped == order.swapped;
  }
  absl::Status Compile(const std::string& text);
  const bpf_program& code() const { return code_; }

 private:
  uint16_t link_type_;
  FileOrder order_;
  bpf_program code_{};
};

namespace {

struct PcapCloser {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using PcapPtr = std::unique_ptr<pcap_t, PcapCloser>;

// A pcap_t for frames of `link_type`: libpcap reads an empty file that we hold out to it. Unlike
// pcap_open_dead(), that makes it translate the file's link type into its own number for it, and
// tells it the byte order that loopback headers are in.
PcapPtr OpenEmptyPcap(uint16_t link_type, FileOrder order) {
  struct Header {
    uint32_t magic = 0xA1B2C3D4;
    uint16_t version[2] = {2, 4};
    uint32_t unused[2] = {};
    uint32_t snaplen = 262'144;
    uint32_t link_type = 0;
  } header;
  header.link_type = link_type;
  if (order.swapped) {
    header.magic = __builtin_bswap32(header.magic);
    for (uint16_t& number : header.version) number = __builtin_bswap16(number);
    header.snaplen = __builtin_bswap32(header.snaplen);
    header.link_type = __builtin_bswap32(header.link_type);
  }
  FILE* file = fmemopen(&header, sizeof header, "r");
  if (file == nullptr) return nullptr;
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  // Reads the header at once; the stream, which points into this frame, is not read again.
  PcapPtr pcap(pcap_fopen_offline(file, reason.data()));
  if (pcap == nullptr) std::fclose(file);
  return pcap;
}

}  // namespace

absl::Status Filter::Program::Compile(const std::string& text) {
  // OpenBSD's number for raw IP, which libpcap knows on OpenBSD only.
  const uint16_t known_type = link_type_ == kLinkRawOpenBsd ? uint16_t{kLinkRaw} : link_type_;
  const PcapPtr pcap = OpenEmptyPcap(known_type, order_);
  if (pcap == nullptr) return absl::ResourceExhaustedError("no memory to compile the filter");
  constexpr int kOptimize = 1;
  if (pcap_compile(pcap.get(), &code_, text.c_str(), kOptimize, PCAP_NETMASK_UNKNOWN) == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format("filter '{}' does not compile for link type {}: {}",
                                                text, link_type_, pcap_geterr(pcap.get())));
}

Filter::Filter(std::string text) : text_(std::move(text)) {}
Filter::Filter(Filter&&) noexcept = default;
Filter::~Filter() = default;

absl::StatusOr<const Filter::Program*> Filter::For(uint16_t link_type, FileOrder order) {
  const auto known = std::find_if(programs_.begin(), programs_.end(), [&](const auto& program) {
    return program->IsFor(link_type, order);
  });
  if (known != programs_.end()) return known->get();
  auto program = std::make_unique<Program>(link_type, order);
  DFC_RETURN_IF_ERROR(program->Compile(text_));
  programs_.push_back(std::move(program));
  return programs_.back().get();
}

bool Passes(const Filter::Program& program, const Frame& frame) {
  pcap_pkthdr header{};
  header.caplen = static_cast<bpf_u_int32>(frame.bytes.size());
  header.len = frame.wire_bytes;
  return pcap_offline_filter(&program.code(), &header, frame.bytes.data()) != 0;
}

absl::Status CheckFilter(const std::string& filter) {
  return Filter(filter).For(kLinkEthernet, FileOrder{}).status();
}

}  // namespace dfc
