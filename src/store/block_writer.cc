#include "dfc/block_writer.h"

#include <fmt/format.h>

#include "dfc/time.h"

namespace dfc {

namespace {

// Above any sequence of a block; below, parts are counted as the nodes of a binary heap.
constexpr unsigned kPartShift = 44;

bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status);
}

}  // namespace

absl::Status BlockWriter::Write(const EventBlock& block, WrittenRows& written) {
  const absl::Status status = store_.Write(block);
  written = {block.rows(), 0};
  if (dead_ == nullptr || !IsRefusal(status)) return status;
  written_ = {};
  refused_.clear();
  DFC_RETURN_IF_ERROR(WritePart(block, 0, block.rows(), 1));
  for (const RefusedRow& row : refused_) DFC_RETURN_IF_ERROR(SetAside(block, row));
  // The marker of the whole, so that nobody goes through this again.
  part_.Clear();
  part_.epoch = block.epoch;
  part_.sequence = block.sequence;
  DFC_RETURN_IF_ERROR(store_.Write(part_));
  written = written_;
  return absl::OkStatus();
}

absl::Status BlockWriter::WritePart(const EventBlock& block, uint32_t first, uint32_t rows,
                                    uint64_t part) {
  Cut(block, first, rows);
  part_.sequence = block.sequence | part << kPartShift;
  const absl::Status status = store_.Write(part_);
  if (status.ok()) written_.stored += rows;
  if (!IsRefusal(status)) return status;
  if (rows > 1) {
    DFC_RETURN_IF_ERROR(WritePart(block, first, rows / 2, part * 2));
    return WritePart(block, first + rows / 2, rows - rows / 2, part * 2 + 1);
  }
  if (refused_.size() == kDeadRowsMax) {
    return absl::FailedPreconditionError(
        fmt::format("{}; and so are {} rows more of one block", MessageOf(status), kDeadRowsMax));
  }
  refused_.push_back({first, part_.sequence, MessageOf(status)});
  return absl::OkStatus();
}

absl::Status BlockWriter::SetAside(const EventBlock& block, const RefusedRow& row) {
  Cut(block, row.at, 1);
  part_.sequence = row.sequence;
  DFC_RETURN_IF_ERROR(dead_->Add(part_, row.reason, WallClockNs()));
  ++written_.dead;
  // Its marker, without the row: it is not set aside twice.
  part_.Clear();
  return store_.Write(part_);
}

void BlockWriter::Cut(const EventBlock& block, uint32_t first, uint32_t rows) {
  part_.Clear();
  part_.epoch = block.epoch;
  uint32_t n = 0;
  block.ForEach([&](RowType type, ByteSpan row) {
    if (n >= first && n - first < rows) DFC_CHECK(part_.AppendCopy(type, row));
    ++n;
  });
}

}  // namespace dfc
