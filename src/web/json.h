// JSON text. Whatever a string holds, what comes out is valid UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dfc/bytes.h"
#include "dfc/check.h"
#include "dfc/utf8.h"

// RapidJSON adds to a null pointer before its first allocation, which is harmless and undefined.
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"
#ifdef __clang__
#pragma clang attribute pop
#endif

namespace dfc {

// base64 as of RFC 4648 section 4, with padding.
std::string Base64(ByteSpan bytes);

class Json {
 public:
  Json() : writer_(buffer_) {}

  Json& Key(std::string_view name) {
    writer_.Key(name.data(), Size(name));
    return *this;
  }
  void BeginObject() { writer_.StartObject(); }
  void EndObject() { writer_.EndObject(); }
  void BeginArray() { writer_.StartArray(); }
  void EndArray() { writer_.EndArray(); }
  void String(std::string_view text) {
    const std::string valid = ReplaceInvalidUtf8(text);
    DFC_CHECK(writer_.String(valid.data(), Size(valid)));
  }
  void Bool(bool value) { writer_.Bool(value); }
  void Unsigned(uint64_t value) { writer_.Uint64(value); }
  void Signed(int64_t value) { writer_.Int64(value); }
  void Double(double value) { writer_.Double(value); }
  void Null() { writer_.Null(); }

  // A key with its value.
  void Text(std::string_view key, std::string_view text) { Key(key).String(text); }
  // "" is null.
  void Optional(std::string_view key, std::string_view text) {
    Key(key);
    text.empty() ? Null() : String(text);
  }
  void Count(std::string_view key, uint64_t value) { Key(key).Unsigned(value); }
  void Flag(std::string_view key, bool value) { Key(key).Bool(value); }

  // REQUIRES: what was begun has ended.
  std::string Take() {
    DFC_CHECK(writer_.IsComplete());
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  using Buffer = rapidjson::GenericStringBuffer<rapidjson::UTF8<>, rapidjson::CrtAllocator>;
  using Writer = rapidjson::Writer<Buffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                                   rapidjson::CrtAllocator, rapidjson::kWriteValidateEncodingFlag>;

  static rapidjson::SizeType Size(std::string_view text) {
    return static_cast<rapidjson::SizeType>(text.size());
  }

  Buffer buffer_;
  Writer writer_;
};

}  // namespace dfc
