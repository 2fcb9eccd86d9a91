#include "capture_file.h"

#include <fmt/format.h>

namespace dfc {

bool CaptureFile::Stop(absl::StatusCode code, std::string_view message) {
  status_ = absl::Status(code, fmt::format("{}: {}", input_.name, message));
  reader().Stop();
  return false;
}

bool CaptureFile::EndOrCutShort(size_t header_bytes) {
  if (!status_.ok()) return false;
  if (reader().size() == 0 && reader().status().ok()) return false;
  return CutShort(reader().offset(), header_bytes);
}

bool CaptureFile::CutShort(uint64_t offset, uint64_t needs_bytes) {
  const absl::Status& source = reader().status();
  const uint64_t end = reader().offset() + reader().size();
  if (!source.ok()) {
    return Stop(
        absl::StatusCode::kDataLoss,
        fmt::format("{}; nothing could be read from offset {} on", MessageOf(source), offset));
  }
  if (offset == 0) {
    return Stop(absl::StatusCode::kDataLoss,
                fmt::format("cut short inside the file header at offset {}", end));
  }
  return Stop(absl::StatusCode::kDataLoss,
              fmt::format("record cut short at offset {} (needs {} bytes, {} are left)", offset,
                          needs_bytes, end - offset));
}

bool CaptureFile::Damaged(uint64_t offset, std::string_view what) {
  return Stop(absl::StatusCode::kDataLoss, fmt::format("{} at offset {}", what, offset));
}

bool CaptureFile::Refuse(const absl::Status& status) {
  return Stop(status.code(), MessageOf(status));
}

bool CaptureFile::FindProgram(uint16_t link_type, FileOrder order,
                              const Filter::Program*& program) {
  const absl::StatusOr<const Filter::Program*> found = input_.filter.For(link_type, order);
  if (!found.ok()) return Refuse(found.status());
  program = *found;
  return true;
}

}  // namespace dfc
