#include "capture_file.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "wire_bytes.h"

namespace {

constexpr size_t kIpAt = 14, kTransportAt = 34, kTcpHeaderBytes = 32;
constexpr size_t kBufferBytes = 1 << 20;

void Store16(uint8_t* at, uint64_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
void Store32(uint8_t* at, uint64_t value) {
  Store16(at, value >> 16);
  Store16(at + 2, value);
}

void StorePayload(uint8_t* at, std::span<const uint8_t> payload) {
  if (!payload.empty()) std::memcpy(at, payload.data(), payload.size());
}

// The checksum of TCP or UDP over the pseudo header and all that follows (RFC 9293 section 3.1).
void StoreTransportSum(std::vector<uint8_t>& frame, uint8_t protocol, size_t sum_at) {
  const size_t size = frame.size() - kTransportAt;
  const uint32_t ends = Sum(frame.data() + kIpAt + 12, 8);
  const uint32_t sum =
      Sum(frame.data() + kTransportAt, size, ends + protocol + static_cast<uint32_t>(size));
  StoreSum(&frame[kTransportAt + sum_at], sum);
}

}  // namespace

void Die(int status, const std::string& message) {
  std::fprintf(stderr, "make_capture: %s\n", message.c_str());
  std::exit(status);
}

// Leaves `transport_bytes` of zeros behind the headers and returns where they begin.
uint8_t* FrameMaker::Begin(const Ends& ends, uint8_t protocol, size_t transport_bytes) {
  static constexpr std::array<uint8_t, kTransportAt> kHead = {
      2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64};
  frame_.assign(kTransportAt + transport_bytes, 0);
  std::memcpy(frame_.data(), kHead.data(), kHead.size());
  uint8_t* ip = frame_.data() + kIpAt;
  Store16(ip + 2, 20 + transport_bytes);
  ip[9] = protocol;
  Store32(ip + 12, ends.source);
  Store32(ip + 16, ends.destination);
  StoreSum(ip + 10, Sum(ip, 20));
  return frame_.data() + kTransportAt;
}

std::span<const uint8_t> FrameMaker::Tcp(const Ends& ends, const TcpFields& fields,
                                         std::span<const uint8_t> payload) {
  uint8_t* tcp = Begin(ends, 6, kTcpHeaderBytes + payload.size());
  Store16(tcp, ends.source_port);
  Store16(tcp + 2, ends.destination_port);
  Store32(tcp + 4, fields.seq);
  Store32(tcp + 8, fields.ack);
  tcp[12] = kTcpHeaderBytes / 4 << 4;
  tcp[13] = fields.flags;
  Store16(tcp + 14, 0xFFFF);
  Store32(tcp + 20, 0x0101080A);  // Two fillers, then the timestamps of RFC 7323.
  Store32(tcp + 24, fields.timestamp_ms);
  Store32(tcp + 28, fields.echoed_ms);
  StorePayload(tcp + kTcpHeaderBytes, payload);
  StoreTransportSum(frame_, 6, 16);
  return frame_;
}

std::span<const uint8_t> FrameMaker::Udp(const Ends& ends, std::span<const uint8_t> payload) {
  uint8_t* udp = Begin(ends, 17, 8 + payload.size());
  Store16(udp, ends.source_port);
  Store16(udp + 2, ends.destination_port);
  Store16(udp + 4, 8 + payload.size());
  StorePayload(udp + 8, payload);
  StoreTransportSum(frame_, 17, 6);
  return frame_;
}

std::span<const uint8_t> FrameMaker::Echo(const Ends& ends, uint8_t type, uint16_t id,
                                          uint16_t sequence, std::span<const uint8_t> payload) {
  uint8_t* icmp = Begin(ends, 1, 8 + payload.size());
  icmp[0] = type;
  Store16(icmp + 4, id);
  Store16(icmp + 6, sequence);
  StorePayload(icmp + 8, payload);
  StoreSum(icmp + 2, Sum(icmp, 8 + payload.size()));
  return frame_;
}

CaptureFile::CaptureFile(const std::string& path)
    : path_(path), file_(std::fopen(path.c_str(), "wb")), buffer_(kBufferBytes) {
  if (file_ == nullptr) Die(1, "cannot write " + path_ + ": " + std::strerror(errno));
  std::setvbuf(file_, buffer_.data(), _IOFBF, buffer_.size());
  const std::array<uint32_t, 6> header{0xA1B2C3D4, 4u << 16 | 2, 0, 0, 262'144, 1};
  Write(header.data(), sizeof header);
}

CaptureFile::~CaptureFile() {
  if (file_ != nullptr) std::fclose(file_);
}

void CaptureFile::Write(const void* from, size_t size) {
  if (std::fwrite(from, 1, size, file_) != size) {
    Die(1, "cannot write " + path_ + ": " + std::strerror(errno));
  }
  bytes_ += size;
}

void CaptureFile::Add(int64_t t_us, std::span<const uint8_t> frame, uint32_t wire_bytes) {
  const std::array<uint32_t, 4> header{static_cast<uint32_t>(t_us / 1'000'000),
                                       static_cast<uint32_t>(t_us % 1'000'000),
                                       static_cast<uint32_t>(frame.size()), wire_bytes};
  Write(header.data(), sizeof header);
  Write(frame.data(), frame.size());
  ++packets_;
}

void CaptureFile::Close() {
  if (std::fclose(std::exchange(file_, nullptr)) != 0) {
    Die(1, "cannot write " + path_ + ": " + std::strerror(errno));
  }
}
