// Checks of our own reasoning ("we are wrong"), never of the wire or the world.
// Module: base
//
// DFC_CHECK is always on and guards memory and stored data; DFC_DCHECK vanishes in a release build
// and may stand on the hot path.
#pragma once

namespace dfc {

// Prints the failed condition with its place on stderr and aborts.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace dfc

#define DFC_CHECK(condition) \
  (__builtin_expect(!(condition), 0) ? ::dfc::CheckFailed(#condition, __FILE__, __LINE__) : (void)0)

#ifdef NDEBUG
#define DFC_DCHECK(condition) ((void)sizeof(!(condition)))
#else
#define DFC_DCHECK(condition) DFC_CHECK(condition)
#endif
