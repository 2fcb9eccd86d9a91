// Listings for machines: JSON (one array of objects) or TSV (a line of names, a line a record).
// Module: app
//
// Records leave as they come, so a listing of any length takes one record of memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "options.h"
#include "output.h"

// RapidJSON adds to a null pointer before its first allocation, which is harmless and undefined.
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include "rapidjson/writer.h"
#ifdef __clang__
#pragma clang attribute pop
#endif

namespace dfc {

struct Field {
  enum class Kind {
    kText,
    kNumber,    // Bare in JSON, true and false too; "" is null.
    kOptional,  // Text; "" is null.
  };
  std::string name;
  Kind kind;
};

class RecordWriter {
 public:
  // REQUIRES: `format` is kJson or kTsv; `fields` and `out` outlive the writer.
  RecordWriter(Format format, std::span<const Field> fields, Output& out);

  // REQUIRES: a value for each field, in that order; a kNumber is a JSON number, true, false
  // or "".
  void Write(std::span<const std::string> values);

  // Ends the listing; nothing may be written after it.
  void Finish();

 private:
  using JsonWriter =
      rapidjson::Writer<Output, rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::CrtAllocator,
                        rapidjson::kWriteValidateEncodingFlag>;

  void Begin();
  void WriteJson(std::span<const std::string> values);
  void WriteTsv(std::span<const std::string> values);

  Format format_;
  std::span<const Field> fields_;
  Output& out_;
  JsonWriter json_;
  uint64_t records_ = 0;
};

}  // namespace dfc
