// Bytes that end where a page without access begins: a read past them is a crash, not luck.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "dfc/bytes.h"
#include "dfc/check.h"
#include "dfc/memory.h"

namespace dfc {

class GuardedBytes {
 public:
  explicit GuardedBytes(ByteSpan bytes)
      : page_bytes_(static_cast<size_t>(::sysconf(_SC_PAGESIZE))),
        memory_((bytes.size() / page_bytes_ + 2) * page_bytes_) {
    uint8_t* const guard = memory_.data() + memory_.bytes() - page_bytes_;
    DFC_CHECK(::mprotect(guard, page_bytes_, PROT_NONE) == 0);
    begin_ = guard - bytes.size();
    if (!bytes.empty()) std::memcpy(begin_, bytes.data(), bytes.size());
    span_ = ByteSpan(begin_, bytes.size());
  }

  ByteSpan span() const { return span_; }
  uint8_t* data() { return begin_; }

 private:
  size_t page_bytes_;
  Mapping memory_;
  uint8_t* begin_;
  ByteSpan span_;
};

}  // namespace dfc
