// Rows that a store refused, kept beside the spool until somebody has seen to it.
// Module: store
//
//   DIR/dead/EPOCH-1.seg   segments as the spool has them: a record is a block of one row, with the
//                          store's answer behind it
//   DIR/dead/lock          held while a file is written or fed again
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "dfc/event.h"
#include "dfc/spool_files.h"
#include "dfc/status.h"

namespace dfc {

struct DeadLetter {
  std::string sensor;
  std::string reason;
  int64_t t_ns = 0;  // When it was set aside.
};

class DeadLetters {
 public:
  // Past this much all the rows of a store are refused, not one: the operator is waited for.
  static constexpr uint64_t kBytesMax = uint64_t{64} << 20;

  // `spool` is the folder of the spool. `files` must outlive this.
  DeadLetters(const std::string& spool, std::string sensor, SpoolFiles& files);

  // Keeps the one row of `block` under its epoch and sequence; on OK it is on disk.
  absl::Status Add(const EventBlock& block, std::string_view reason, int64_t now_ns);

  // Calls each(block, letter) for all that are there.
  using Visitor = std::function<void(const EventBlock&, const DeadLetter&)>;
  absl::Status ForEach(const Visitor& each);

  // Gives each to `write`, and keeps those that it does not take. kUnavailable leaves the rest for
  // another time. kDataLoss for a file that is damaged, which stays.
  struct Retried {
    uint64_t stored = 0;
    uint64_t kept = 0;
  };
  using Writer = std::function<absl::Status(const EventBlock&, const DeadLetter&)>;
  absl::StatusOr<Retried> Retry(const Writer& write);

 private:
  using Record = std::function<absl::Status(const EventBlock&, const DeadLetter&)>;
  absl::StatusOr<std::vector<std::string>> Paths();
  // Sets `rest_bytes` to what follows the last whole record.
  absl::Status ReadFile(const std::string& path, const Record& each, uint64_t& rest_bytes);
  absl::Status RetryFile(const std::string& path, const Writer& write, Retried& retried);
  absl::Status AppendTo(const std::string& path, const std::string& sensor, const EventBlock& block,
                        std::string_view reason, int64_t t_ns);
  absl::StatusOr<uint64_t> FindEnd(int fd, const std::string& path);
  absl::Status WriteRecord(int fd, uint64_t end, const EventBlock& block, std::string_view reason,
                           int64_t t_ns);
  absl::Status Failed(int error, const std::string& doing) const;
  static absl::Status Damaged(const std::string& path, uint64_t bytes);
  absl::StatusOr<int> Lock();

  std::string directory_;
  std::string sensor_;
  SpoolFiles& files_;
  // The file that was written to last and its length then: it ends there with a whole record.
  std::string written_path_;
  uint64_t written_bytes_ = 0;
};

}  // namespace dfc
