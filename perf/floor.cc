// How little time a capture can take: what one thread needs that does a part of the work and none
// of the checks. perf/run holds dfc against it.
//
// usage: floor DEPTH FILE.pcap [OUT]
//
//   walk     from record to record, the file read into one buffer of 1 MiB
//   decode   and each frame's five-tuple and payload
//   lookup   and its flow: open addressing, a cache line each, prefetched for a batch of frames
//   copy     and every TCP payload copied once, behind the number of its flow, into a block that is
//            used again when it is full: F in docs/benchmarks.md
//   fresh    the same, each block in memory never used before
//   file     the same, full blocks written to OUT
//
// It prints a line for each thing counted: its name, a tab, a number.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace {

constexpr size_t kBlockBytes = 1 << 20;
constexpr size_t kFrameBytesMax = 262'144;
constexpr size_t kBatch = 64;

enum class Depth { kWalk, kDecode, kLookup, kCopy };

[[noreturn]] void Die(int status, const std::string& message) {
  std::fprintf(stderr, "floor: %s\n", message.c_str());
  std::exit(status);
}

template <typename T>
T Load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
uint16_t Load16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

// Frames ------------------------------------------------------------------------------------------

// Both directions of a flow have the same key: the smaller end comes first. Words are as they lie
// in memory; IPv4 addresses are in the second halves.
struct Key {
  std::array<uint64_t, 4> addresses;
  uint64_t ports_and_protocol;  // Never 0.

  bool operator==(const Key& other) const {
    return ports_and_protocol == other.ports_and_protocol &&
           std::memcmp(addresses.data(), other.addresses.data(), sizeof addresses) == 0;
  }
  uint64_t Hash() const {
    return Fold(addresses[1] ^ 0x9E3779B97F4A7C15, addresses[3] ^ 0xD6E8FEB86659FD93) ^
           Fold(addresses[0] ^ addresses[2] ^ 0xA0761D6478BD642F,
                ports_and_protocol ^ 0xE7037ED1A0B428DB);
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static uint64_t Fold(uint64_t a, uint64_t b) {
    const Wide product = Wide{a} * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
};

struct Frame {
  Key key;
  uint64_t hash;
  const uint8_t* payload;  // Of TCP; with `size` 0 there is none.
  uint32_t size;
};

// What comes behind the IP header; ports are 0 where there are none.
void DecodeTransport(uint8_t protocol, const uint8_t* at, size_t size, Frame& frame) {
  uint16_t from = 0, to = 0;
  if ((protocol == 6 || protocol == 17) && size >= 8) {
    from = Load<uint16_t>(at);
    to = Load<uint16_t>(at + 2);
  } else if ((protocol == 1 || protocol == 58) && size >= 8) {
    from = to = Load<uint16_t>(at + 4);  // An echo's identifier, or else what is there.
  }
  auto& words = frame.key.addresses;
  if (std::tie(words[1], words[0], from) > std::tie(words[3], words[2], to)) {
    std::swap(words[0], words[2]);
    std::swap(words[1], words[3]);
    std::swap(from, to);
  }
  frame.key.ports_and_protocol = uint64_t{from} << 32 | uint64_t{to} << 16 | protocol | 0x100;
  if (protocol == 6 && size >= 20) {
    const size_t header = (at[12] >> 4) * 4u;
    if (header < 20 || header > size) return;
    frame.payload = at + header;
    frame.size = static_cast<uint32_t>(size - header);
  }
}

// False where the frame is no IP, or its headers are cut off.
bool Decode(const uint8_t* bytes, size_t size, Frame& frame) {
  if (size < 34) return false;
  size_t at = 14;
  uint16_t type = Load16(bytes + 12);
  while ((type == 0x8100 || type == 0x88A8) && size - at >= 24) {
    type = Load16(bytes + at + 2);
    at += 4;
  }
  frame.size = 0;
  auto& words = frame.key.addresses;
  const uint8_t* ip = bytes + at;
  const size_t there = size - at;
  if (type == 0x0800) {
    const size_t header = (ip[0] & 15u) * 4;
    const size_t total = std::min<size_t>(Load16(ip + 2), there);
    if (header < 20 || total < header) return false;
    words = {0, Load<uint32_t>(ip + 12), 0, Load<uint32_t>(ip + 16)};
    const bool later_fragment = (Load16(ip + 6) & 0x1FFF) != 0;
    DecodeTransport(ip[9], ip + header, later_fragment ? 0 : total - header, frame);
    return true;
  }
  if (type != 0x86DD || there < 40) return false;
  words = {Load<uint64_t>(ip + 8), Load<uint64_t>(ip + 16), Load<uint64_t>(ip + 24),
           Load<uint64_t>(ip + 32)};
  DecodeTransport(ip[6], ip + 40, std::min<size_t>(Load16(ip + 4), there - 40), frame);
  return true;
}

// Flows -------------------------------------------------------------------------------------------

struct alignas(64) Flow {
  Key key;
  uint64_t hash;
  uint64_t bytes;
  uint64_t packets;
};
static_assert(sizeof(Flow) == 64);

struct Unmap {
  size_t bytes = 0;
  void operator()(Flow* flows) const { munmap(flows, bytes); }
};

// Grows fourfold when three quarters of it are used. It begins with one huge page.
class FlowTable {
 public:
  FlowTable() { Allocate(1 << 15); }

  void Prefetch(uint64_t hash) const { __builtin_prefetch(&slots_.get()[hash & mask_], 1); }

  size_t Find(const Key& key, uint64_t hash) {
    for (uint64_t at = hash & mask_;; at = (at + 1) & mask_) {
      Flow& flow = slots_.get()[at];
      if (flow.hash == hash && flow.key == key) return at;
      if (flow.key.ports_and_protocol != 0) continue;
      if (used_ * 4 > mask_ * 3) {
        Grow();
        return Find(key, hash);
      }
      flow.key = key;
      flow.hash = hash;
      ++used_;
      return at;
    }
  }

  Flow& operator[](size_t slot) { return slots_.get()[slot]; }
  size_t size() const { return used_; }

 private:
  void Allocate(size_t slots) {
    const size_t bytes = slots * sizeof(Flow);
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) Die(1, std::string("no memory for flows: ") + std::strerror(errno));
    madvise(memory, bytes, MADV_HUGEPAGE);
    slots_ = {static_cast<Flow*>(memory), Unmap{bytes}};
    mask_ = slots - 1;
  }

  void Grow() {
    const auto old = std::move(slots_);
    const size_t old_slots = mask_ + 1;
    Allocate(old_slots * 4);
    for (size_t n = 0; n < old_slots; ++n) {
      const Flow& flow = old.get()[n];
      if (flow.key.ports_and_protocol == 0) continue;
      uint64_t at = flow.hash & mask_;
      while (slots_.get()[at].key.ports_and_protocol != 0) at = (at + 1) & mask_;
      slots_.get()[at] = flow;
    }
  }

  std::unique_ptr<Flow[], Unmap> slots_;
  uint64_t mask_ = 0;
  size_t used_ = 0;
};

// Content -----------------------------------------------------------------------------------------

// A log of what flows carried: slot, size, bytes.
class Content {
 public:
  Content(bool fresh, const char* path) : fresh_(fresh) {
    if (path != nullptr) {
      file_ = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
      if (file_ < 0) Die(1, std::string("cannot write ") + path + ": " + std::strerror(errno));
    }
    Renew();
  }

  void Add(size_t slot, const uint8_t* payload, uint32_t size) {
    if (kBlockBytes - used_ < 8 + size_t{size}) Flush();
    const std::array<uint32_t, 2> head{static_cast<uint32_t>(slot), size};
    std::memcpy(block_ + used_, head.data(), sizeof head);
    std::memcpy(block_ + used_ + 8, payload, size);
    used_ += 8 + size;
    bytes_ += size;
  }

  void Flush() {
    for (size_t at = 0; file_ >= 0 && at < used_;) {
      const ssize_t wrote = write(file_, block_ + at, used_ - at);
      if (wrote < 0) Die(1, std::string("cannot write content: ") + std::strerror(errno));
      at += static_cast<size_t>(wrote);
    }
    used_ = 0;
    if (fresh_) Renew();
  }

  uint64_t bytes() const { return bytes_; }

 private:
  // What was before stays: it would be somebody's now.
  void Renew() {
    void* memory =
        mmap(nullptr, kBlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) Die(1, std::string("no memory: ") + std::strerror(errno));
    block_ = static_cast<uint8_t*>(memory);
  }

  bool fresh_;
  int file_ = -1;
  uint8_t* block_ = nullptr;
  size_t used_ = 0;
  uint64_t bytes_ = 0;
};

// The pass ----------------------------------------------------------------------------------------

struct Totals {
  uint64_t packets = 0;
  uint64_t decoded = 0;
  uint64_t payload_bytes = 0;
};

template <Depth kDepth>
class Pass {
 public:
  explicit Pass(Content& content) : content_(content) {}

  // Every whole record at the front of `bytes`; returns where the next one begins.
  size_t Take(const uint8_t* bytes, size_t size) {
    size_t at = 0;
    while (size - at >= 16) {
      const size_t captured = Load<uint32_t>(bytes + at + 8);
      if (captured > kFrameBytesMax) Die(1, "a record is longer than 262,144 bytes");
      if (size - at - 16 < captured) break;
      ++totals_.packets;
      if constexpr (kDepth != Depth::kWalk) Add(bytes + at + 16, captured);
      at += 16 + captured;
    }
    if constexpr (kDepth >= Depth::kLookup) LookUp();
    return at;
  }

  const Totals& totals() const { return totals_; }
  size_t flows() const { return table_.size(); }

 private:
  void Add(const uint8_t* bytes, size_t size) {
    Frame& frame = batch_[count_];
    if (!Decode(bytes, size, frame)) return;
    ++totals_.decoded;
    totals_.payload_bytes += frame.size;
    if constexpr (kDepth >= Depth::kLookup) {
      frame.hash = frame.key.Hash();
      table_.Prefetch(frame.hash);
      if (++count_ == kBatch) LookUp();
    }
  }

  void LookUp() {
    for (size_t n = 0; n < count_; ++n) {
      const Frame& frame = batch_[n];
      const size_t slot = table_.Find(frame.key, frame.hash);
      Flow& flow = table_[slot];
      ++flow.packets;
      flow.bytes += frame.size;
      if constexpr (kDepth == Depth::kCopy) {
        if (frame.size > 0) content_.Add(slot, frame.payload, frame.size);
      }
    }
    count_ = 0;
  }

  Content& content_;
  FlowTable table_;
  std::array<Frame, kBatch> batch_{};
  size_t count_ = 0;
  Totals totals_;
};

size_t ReadSome(int file, uint8_t* to, size_t size) {
  const ssize_t got = read(file, to, size);
  if (got < 0) Die(1, std::string("cannot read: ") + std::strerror(errno));
  return static_cast<size_t>(got);
}

void Tell(const char* name, uint64_t value) {
  std::printf("%s\t%llu\n", name, static_cast<unsigned long long>(value));
}

template <Depth kDepth>
void Run(int file, Content& content) {
  Pass<kDepth> pass(content);
  const auto buffer = std::make_unique_for_overwrite<uint8_t[]>(kBlockBytes);
  size_t filled = ReadSome(file, buffer.get(), kBlockBytes);
  // Either precision of time, in this machine's order.
  const uint32_t magic = filled < 24 ? 0 : Load<uint32_t>(buffer.get());
  if (magic != 0xA1B2C3D4 && magic != 0xA1B23C4D) Die(1, "no pcap file of this machine's order");
  size_t at = 24;
  while (true) {
    at += pass.Take(buffer.get() + at, filled - at);
    const size_t rest = filled - at;
    std::memmove(buffer.get(), buffer.get() + at, rest);
    const size_t got = ReadSome(file, buffer.get() + rest, kBlockBytes - rest);
    if (got == 0 && rest > 0) Die(1, "the last record is cut off");
    if (got == 0) break;
    filled = rest + got;
    at = 0;
  }
  content.Flush();
  Tell("packets", pass.totals().packets);
  Tell("decoded", pass.totals().decoded);
  Tell("flows", pass.flows());
  Tell("tcp_payload_bytes", pass.totals().payload_bytes);
  Tell("copied_bytes", content.bytes());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string depth = argc > 1 ? argv[1] : "";
  if (argc != (depth == "file" ? 4 : 3)) {
    Die(2, "usage: floor walk|decode|lookup|copy|fresh FILE.pcap | floor file FILE.pcap OUT");
  }
  static constexpr std::string_view kDepths[] = {"walk", "decode", "lookup",
                                                 "copy", "fresh",  "file"};
  if (std::find(std::begin(kDepths), std::end(kDepths), depth) == std::end(kDepths)) {
    Die(2, "no depth '" + depth + "'; there are walk, decode, lookup, copy, fresh, file");
  }
  const int file = open(argv[2], O_RDONLY | O_CLOEXEC);
  if (file < 0) Die(1, std::string("cannot read ") + argv[2] + ": " + std::strerror(errno));
  Content content(depth == "fresh", depth == "file" ? argv[3] : nullptr);
  if (depth == "walk") {
    Run<Depth::kWalk>(file, content);
  } else if (depth == "decode") {
    Run<Depth::kDecode>(file, content);
  } else if (depth == "lookup") {
    Run<Depth::kLookup>(file, content);
  } else {
    Run<Depth::kCopy>(file, content);
  }
  return 0;
}
