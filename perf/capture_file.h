// Frames of IPv4 and the file that they go into, for the programs here that write large captures.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

// What is known of a capture because it was made: perf/run compares it with what dfc stored.
struct Truth {
  uint64_t packets = 0;
  uint64_t file_bytes = 0;
  uint64_t flows = 0;
  uint64_t tcp_bytes = 0;  // Of content; what is sent twice is content once.
  uint64_t udp_bytes = 0;
  uint64_t icmp_bytes = 0;         // Behind the header of 8 bytes.
  uint64_t tcp_payload_bytes = 0;  // As often as it was sent.
};

struct Ends {
  uint32_t source, destination;
  uint16_t source_port, destination_port;

  Ends Reversed() const { return {destination, source, destination_port, source_port}; }
};

constexpr uint8_t kFin = 1, kSyn = 2, kPush = 8, kAck = 16;

struct TcpFields {
  uint32_t seq, ack;
  uint8_t flags;
  uint32_t timestamp_ms, echoed_ms;
};

// One frame after the other in the same memory: Ethernet and IPv4, checksums right. The span is
// valid until the next call. Payload has at most 1,448 bytes.
class FrameMaker {
 public:
  std::span<const uint8_t> Tcp(const Ends& ends, const TcpFields& fields,
                               std::span<const uint8_t> payload = {});
  std::span<const uint8_t> Udp(const Ends& ends, std::span<const uint8_t> payload);
  // Type 8 asks, 0 answers.
  std::span<const uint8_t> Echo(const Ends& ends, uint8_t type, uint16_t id, uint16_t sequence,
                                std::span<const uint8_t> payload);

 private:
  uint8_t* Begin(const Ends& ends, uint8_t protocol, size_t transport_bytes);

  std::vector<uint8_t> frame_;
};

// A capture file of microseconds and Ethernet, the kind that every program reads.
class CaptureFile {
 public:
  // Dies with one line where it cannot be written.
  explicit CaptureFile(const std::string& path);
  ~CaptureFile();
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  void Add(int64_t t_us, std::span<const uint8_t> frame, uint32_t wire_bytes);
  void Add(int64_t t_us, std::span<const uint8_t> frame) {
    Add(t_us, frame, static_cast<uint32_t>(frame.size()));
  }
  void Close();

  uint64_t packets() const { return packets_; }
  uint64_t bytes() const { return bytes_; }

 private:
  void Write(const void* from, size_t size);

  std::string path_;
  std::FILE* file_;
  std::vector<char> buffer_;
  uint64_t packets_ = 0;
  uint64_t bytes_ = 0;
};

[[noreturn]] void Die(int status, const std::string& message);

// The captures `inputs` side by side, as often as it takes to have `packets_min` frames, each copy
// with addresses of its own. Dies where none of them can be read.
struct Multiplied {
  uint64_t frames = 0;  // Of one copy.
  uint64_t copies = 0;
  uint64_t left_out = 0;  // Inputs that are no Ethernet or cannot be read.
};
Multiplied Multiply(const std::vector<std::string>& inputs, uint64_t packets_min, uint64_t seed,
                    CaptureFile& out);
