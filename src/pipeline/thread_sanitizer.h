// What ThreadSanitizer has to be told of the threads. Nothing in other builds.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define DFC_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DFC_TSAN 1
#endif
#endif
#ifdef DFC_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace dfc {

// The queues order a block's bytes before its pointer by fences, which ThreadSanitizer does not
// see: it is told here, for the block that is handed on.
inline void HandOver([[maybe_unused]] void* block) {
#ifdef DFC_TSAN
  __tsan_release(block);
#endif
}
inline void TakeOver([[maybe_unused]] void* block) {
#ifdef DFC_TSAN
  __tsan_acquire(block);
#endif
}

}  // namespace dfc
