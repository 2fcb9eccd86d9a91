// Counts every operator new of the program that includes it. For one file of a binary of its own.
// Clang's ThreadSanitizer does not let its own one be replaced: nothing is counted there.
#pragma once

#include <cstdlib>
#include <new>

inline size_t allocations = 0;

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DFC_COUNTS_NO_NEW 1
#endif
#endif

#ifdef DFC_COUNTS_NO_NEW
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;

// Not inlined, or g++ takes malloc and delete for a mismatched pair.
[[gnu::noinline]] void* operator new(size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif
