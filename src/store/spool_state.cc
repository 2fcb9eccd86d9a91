#include "dfc/spool_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <vector>

#include "dfc/dead_letters.h"
#include "spool_segment.h"

namespace dfc {

namespace {

constexpr size_t kStateBytesMax = 4096;
constexpr size_t kReasonBytesMax = 1024;

// Calls each(name, value) for the numbers, in the order in which they are written.
template <typename State, typename Each>
void ForEachNumber(State& state, Each each) {
  each("t_ns", state.t_ns);
  each("blocks_waiting", state.blocks_waiting);
  each("rows_waiting", state.rows_waiting);
  each("rows_stored", state.rows_stored);
  each("rows_spooled", state.rows_spooled);
  each("rows_dropped", state.rows_dropped);
  each("rows_unreadable", state.rows_unreadable);
  each("rows_dead", state.rows_dead);
  each("blocks_refused", state.blocks_refused);
  each("sync_failures", state.sync_failures);
  each("bytes_max", state.bytes_max);
  each("spooled_per_s", state.spooled_per_s);
  each("stored_per_s", state.stored_per_s);
  each("away_since_ns", state.away_since_ns);
}

absl::Status Failed(int error, const std::string& path) { return ErrnoStatus(-error, path); }

// The rest of the line that begins with `name`.
std::string_view ValueOf(std::string_view text, std::string_view name) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(' ')) {
      return line.substr(name.size() + 1);
    }
    at = end + 1;
  }
  return "";
}

void LookAtSegment(SpoolFiles& files, int fd, SpoolContents& contents) {
  const int64_t size = files.Size(fd);
  SegmentHeader segment = {};
  if (size < 0 || ReadHeader(files, fd, 0, segment) < 0 || KindOf(segment) != SegmentKind::kOurs) {
    ++contents.segments_aside;
    return;
  }
  ++contents.segments;
  contents.bytes += static_cast<uint64_t>(size);
  WalkRecords(files, fd, static_cast<uint64_t>(size), [&](uint64_t, const RecordHeader& header) {
    ++contents.waiting.blocks;
    contents.waiting.rows += header.rows;
    if (contents.t_oldest_ns == 0) contents.t_oldest_ns = header.t_ns;
    contents.t_oldest_ns = std::min(contents.t_oldest_ns, header.t_ns);
  });
}

}  // namespace

absl::Status WriteSpoolState(SpoolFiles& files, const std::string& directory,
                             const SpoolState& state) {
  std::string text;
  ForEachNumber(state, [&](const char* name, const auto& value) {
    text += fmt::format("{} {}\n", name, value);
  });
  std::string reason = state.reason.substr(0, kReasonBytesMax);
  std::ranges::replace(reason, '\n', ' ');
  text += fmt::format("reason {}\n", reason);
  const std::string path = directory + "/state";
  const std::string fresh = path + ".new";
  (void)files.Remove(fresh);
  const int fd = files.Create(fresh);
  if (fd < 0) return Failed(fd, fresh);
  int error = WriteFully(files, fd, 0, AsBytes(text.data(), text.size()));
  files.Close(fd);
  if (error >= 0) error = files.Rename(fresh, path);
  return error < 0 ? Failed(error, path) : absl::OkStatus();
}

absl::StatusOr<SpoolState> ReadSpoolState(SpoolFiles& files, const std::string& directory) {
  const std::string path = directory + "/state";
  const int fd = files.OpenToRead(path);
  if (fd < 0) return Failed(fd, path);
  std::vector<uint8_t> bytes(kStateBytesMax);
  const int64_t got = files.Read(fd, 0, bytes.data(), bytes.size());
  files.Close(fd);
  if (got < 0) return Failed(static_cast<int>(got), path);
  const std::string_view text(AsChars(bytes.data()), static_cast<size_t>(got));
  SpoolState state;
  ForEachNumber(state, [&](const char* name, auto& value) {
    const std::string_view found = ValueOf(text, name);
    std::from_chars(found.data(), found.data() + found.size(), value);
  });
  state.reason = ValueOf(text, "reason");
  return state;
}

absl::StatusOr<SpoolContents> LookAtSpool(SpoolFiles& files, const std::string& directory) {
  std::vector<std::string> names;
  if (const int error = files.List(directory, names); error < 0) return Failed(error, directory);
  SpoolContents contents;
  for (const std::string& name : names) {
    if (!name.ends_with(".seg")) continue;
    const int fd = files.OpenToRead(fmt::format("{}/{}", directory, name));
    if (fd < 0) continue;  // Removed meanwhile.
    LookAtSegment(files, fd, contents);
    files.Close(fd);
  }
  const int lock = files.Lock(directory + "/lock");
  contents.in_use = lock == -EWOULDBLOCK;
  if (lock >= 0) files.Close(lock);
  DeadLetters dead(directory, "", files);
  DFC_RETURN_IF_ERROR(dead.ForEach(
      [&](const EventBlock& block, const DeadLetter&) { contents.dead_rows += block.rows(); }));
  return contents;
}

}  // namespace dfc
