#include "dfc/dead_letters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "spool_segment.h"

namespace dfc {

namespace {
constexpr size_t kReasonBytesMax = 1024;

// Closes what it is given, whatever happens in between.
class Opened {
 public:
  Opened(SpoolFiles& files, int fd) : files_(files), fd_(fd) {}
  ~Opened() {
    if (fd_ >= 0) files_.Close(fd_);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  int get() const { return fd_; }

 private:
  SpoolFiles& files_;
  int fd_;
};

}  // namespace

DeadLetters::DeadLetters(const std::string& spool, std::string sensor, SpoolFiles& files)
    : directory_(spool + "/dead"), sensor_(std::move(sensor)), files_(files) {}

absl::Status DeadLetters::Failed(int error, const std::string& doing) const {
  return absl::UnavailableError(
      MessageOf(ErrnoStatus(-error, fmt::format("dead letters {}: {}", directory_, doing))));
}

absl::Status DeadLetters::Damaged(const std::string& path, uint64_t bytes) {
  return absl::DataLossError(
      fmt::format("{}: damaged, its last {} bytes can't be read; move it away", path, bytes));
}

absl::StatusOr<int> DeadLetters::Lock() {
  if (const int error = files_.MakeDirectory(directory_); error < 0) {
    return Failed(error, "make the folder");
  }
  const int lock = files_.Lock(directory_ + "/lock");
  if (lock < 0) return Failed(lock, "lock");
  return lock;
}

absl::Status DeadLetters::Add(const EventBlock& block, std::string_view reason, int64_t now_ns) {
  DFC_ASSIGN_OR_RETURN(const int fd, Lock());
  const Opened lock(files_, fd);
  const std::string path = fmt::format("{}/{:016x}-00000001.seg", directory_, block.epoch);
  return AppendTo(path, sensor_, block, reason.substr(0, kReasonBytesMax), now_ns);
}

absl::Status DeadLetters::AppendTo(const std::string& path, const std::string& sensor,
                                   const EventBlock& block, std::string_view reason, int64_t t_ns) {
  Opened file(files_, files_.Open(path));
  if (file.get() >= 0) {
    DFC_ASSIGN_OR_RETURN(const uint64_t end, FindEnd(file.get(), path));
    DFC_RETURN_IF_ERROR(WriteRecord(file.get(), end, block, reason, t_ns));
    written_path_ = path;
    return absl::OkStatus();
  }
  if (file.get() != -ENOENT) return Failed(file.get(), "open");
  const Opened made(files_, files_.Create(path));
  if (made.get() < 0) return Failed(made.get(), "make a file");
  const SegmentHeader header = MakeSegmentHeader(sensor, block.epoch, 1, t_ns);
  absl::Status status;
  if (const int error = WriteFully(files_, made.get(), 0, HeaderBytes(header)); error < 0) {
    status = Failed(error, "write");
  } else {
    status = WriteRecord(made.get(), sizeof header, block, reason, t_ns);
  }
  if (!status.ok()) (void)files_.Remove(path);
  if (status.ok()) written_path_ = path;
  if (const int error = files_.SyncDirectory(directory_); status.ok() && error < 0) {
    return Failed(error, "fsync");
  }
  return status;
}

// Where the last whole record ends. What follows was being written when a process died, and is cut
// off: behind it nothing would be found.
absl::StatusOr<uint64_t> DeadLetters::FindEnd(int fd, const std::string& path) {
  const int64_t size = files_.Size(fd);
  if (size < 0) return Failed(static_cast<int>(size), "size");
  const auto file_bytes = static_cast<uint64_t>(size);
  if (path == written_path_ && file_bytes == written_bytes_) return file_bytes;
  if (file_bytes < sizeof(SegmentHeader)) return Damaged(path, file_bytes);
  uint64_t last_at = 0;
  RecordHeader last = {};
  uint64_t end =
      WalkRecords(files_, fd, file_bytes, [&](uint64_t record_at, const RecordHeader& header) {
        last_at = record_at;
        last = header;
      });
  std::vector<uint8_t> content(last.bytes);
  if (last_at != 0 &&
      (ReadExactly(files_, fd, last_at + sizeof last, content.data(), content.size()) < 0 ||
       !HasContent(last, content))) {
    end = last_at;
  }
  if (end == file_bytes) return end;
  if (!IsTorn(file_bytes - end)) return Damaged(path, file_bytes - end);
  if (const int error = files_.Truncate(fd, end); error < 0) return Failed(error, "cut");
  return end;
}

absl::Status DeadLetters::WriteRecord(int fd, uint64_t end, const EventBlock& block,
                                      std::string_view reason, int64_t t_ns) {
  const RecordHeader header = MakeRecordHeader(block, reason, t_ns);
  if (end >= kBytesMax) {
    return absl::FailedPreconditionError(fmt::format(
        "dead letters {}: {} bytes are enough; the store refuses too much", directory_, kBytesMax));
  }
  std::vector<uint8_t> record;
  for (const ByteSpan part :
       {HeaderBytes(header), block.bytes(), AsBytes(reason.data(), reason.size())}) {
    record.insert(record.end(), part.begin(), part.end());
  }
  int error = WriteFully(files_, fd, end, record);
  if (error >= 0) error = files_.Sync(fd);
  if (error >= 0) {
    written_bytes_ = end + record.size();
    return absl::OkStatus();
  }
  (void)files_.Truncate(fd, end);
  return Failed(error, "write");
}

absl::StatusOr<std::vector<std::string>> DeadLetters::Paths() {
  std::vector<std::string> names;
  const int error = files_.List(directory_, names);
  if (error == -ENOENT) return std::vector<std::string>();
  if (error < 0) return Failed(error, "list");
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".seg"); });
  std::ranges::sort(names);
  for (std::string& name : names) name = fmt::format("{}/{}", directory_, name);
  return names;
}

absl::Status DeadLetters::ForEach(const Visitor& each) {
  DFC_ASSIGN_OR_RETURN(const std::vector<std::string> paths, Paths());
  for (const std::string& path : paths) {
    uint64_t rest_bytes = 0;
    const auto pass = [&](const EventBlock& block, const DeadLetter& letter) {
      each(block, letter);
      return absl::OkStatus();
    };
    DFC_RETURN_IF_ERROR(ReadFile(path, pass, rest_bytes));
  }
  return absl::OkStatus();
}

absl::Status DeadLetters::ReadFile(const std::string& path, const Record& each,
                                   uint64_t& rest_bytes) {
  const Opened file(files_, files_.OpenToRead(path));
  if (file.get() < 0) return Failed(file.get(), "open");
  SegmentHeader segment = {};
  if (ReadHeader(files_, file.get(), 0, segment) < 0 || KindOf(segment) != SegmentKind::kOurs) {
    return absl::FailedPreconditionError(
        fmt::format("{}: not written by this version of dfc", path));
  }
  EventBlock block;
  RecordHeader header = {};
  std::vector<uint8_t> content;
  const int64_t size = files_.Size(file.get());
  if (size < 0) return Failed(static_cast<int>(size), "size");
  rest_bytes = static_cast<uint64_t>(size) - sizeof segment;
  uint64_t at = sizeof segment;
  while (ReadHeader(files_, file.get(), at, header) == 0 && IsRecord(header)) {
    content.resize(header.bytes);
    at += sizeof header;
    if (ReadExactly(files_, file.get(), at, content.data(), content.size()) < 0 ||
        !HasContent(header, content) ||
        !block.Assign(ByteSpan(content).first(header.block_bytes))) {
      break;
    }
    at += header.bytes;
    rest_bytes -= sizeof header + header.bytes;
    block.epoch = header.epoch;
    block.sequence = header.sequence;
    const ByteSpan reason = ByteSpan(content).subspan(header.block_bytes);
    DFC_RETURN_IF_ERROR(
        each(block,
             {SensorOf(segment), std::string(AsChars(reason.data()), reason.size()), header.t_ns}));
  }
  return absl::OkStatus();
}

absl::StatusOr<DeadLetters::Retried> DeadLetters::Retry(const Writer& write) {
  DFC_ASSIGN_OR_RETURN(const int fd, Lock());
  const Opened lock(files_, fd);
  DFC_ASSIGN_OR_RETURN(const std::vector<std::string> paths, Paths());
  Retried retried;
  for (const std::string& path : paths) {
    DFC_RETURN_IF_ERROR(RetryFile(path, write, retried));
  }
  return retried;
}

// What is refused again goes to a new file, which takes the place of the old one in one step: a
// letter that was stored and is there again, after a crash, is found by its marker.
absl::Status DeadLetters::RetryFile(const std::string& path, const Writer& write,
                                    Retried& retried) {
  const std::string rest = path + ".new";
  (void)files_.Remove(rest);
  uint64_t kept = 0;
  const auto try_again = [&](const EventBlock& block, const DeadLetter& letter) {
    const absl::Status status = write(block, letter);
    if (status.ok()) {
      ++retried.stored;
      return absl::OkStatus();
    }
    if (absl::IsUnavailable(status)) return status;
    ++kept;
    return AppendTo(rest, letter.sensor, block,
                    std::string_view(MessageOf(status)).substr(0, kReasonBytesMax), letter.t_ns);
  };
  uint64_t rest_bytes = 0;
  DFC_RETURN_IF_ERROR(ReadFile(path, try_again, rest_bytes));
  if (!IsTorn(rest_bytes)) return Damaged(path, rest_bytes);
  retried.kept += kept;
  const int error = kept > 0 ? files_.Rename(rest, path) : files_.Remove(path);
  if (error < 0) return Failed(error, "replace");
  return files_.SyncDirectory(directory_) < 0 ? Failed(-EIO, "fsync") : absl::OkStatus();
}

}  // namespace dfc
