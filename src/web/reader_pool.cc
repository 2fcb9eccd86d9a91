#include "reader_pool.h"

namespace dfc {

absl::StatusOr<ReaderPool::Lease> ReaderPool::Take() {
  std::unique_ptr<Reader> reader;
  if (!idle_.try_dequeue(reader)) {
    DFC_ASSIGN_OR_RETURN(reader, OpenReader(url_, options_));
  }
  return Lease(*this, std::move(reader));
}

}  // namespace dfc
