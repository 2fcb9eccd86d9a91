// Whether a sanitizer is in the program: DFC_SANITIZED is defined, kIsSanitized true.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DFC_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DFC_SANITIZED 1
#endif
#endif

namespace dfc {

#ifdef DFC_SANITIZED
inline constexpr bool kIsSanitized = true;
#else
inline constexpr bool kIsSanitized = false;
#endif

}  // namespace dfc
