// UTF-8 as it must be, and what to do where it is not.
// Module: base
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "dfc/bytes.h"

namespace dfc {

// How many bytes the well-formed UTF-8 sequence at the front of `bytes` has (RFC 3629 section 4:
// no overlong forms, no surrogates), 0 when there is none. REQUIRES: bytes is not empty.
size_t Utf8SequenceBytes(ByteSpan bytes);

// How many bytes at the end of `bytes` begin a UTF-8 sequence that is not complete; at most 3.
// What follows them in the stream may complete it.
size_t Utf8CutBytes(ByteSpan bytes);

// `text` with each byte that is not UTF-8 replaced by U+FFFD, for JSON.
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace dfc
