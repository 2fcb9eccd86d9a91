// Where the records of a capture file end, told in the plainest way and apart from the code under
// test: what may be expected of a file that is cut.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dfc {

// pcap's file header and records, pcapng's blocks. Stops at the first that is not whole, or that no
// reader takes.
class CaptureRecords {
 public:
  // REQUIRES: `file` is not compressed.
  explicit CaptureRecords(const std::string& file);

  // The last of these ends that a file of `bytes` still has, 0 when there is none.
  uint64_t EndBefore(uint64_t bytes) const;
  // The frames before that end.
  uint64_t FramesBefore(uint64_t bytes) const;

 private:
  struct Mark {
    uint64_t end;
    uint64_t frames;
  };

  Mark Before(uint64_t bytes) const;
  void ReadPcap(const std::string& file);
  void ReadPcapng(const std::string& file);
  uint32_t Number(const std::string& file, size_t at) const;

  bool swapped_ = false;
  std::vector<Mark> marks_;
};

// What of a gzip file comes out of its first `bytes`. Other files as they are.
std::string Inflated(const std::string& file, size_t bytes);

}  // namespace dfc
