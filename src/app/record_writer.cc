#include "record_writer.h"

#include "dfc/check.h"
#include "text.h"

namespace dfc {
namespace {

rapidjson::SizeType JsonSize(const std::string& text) {
  return static_cast<rapidjson::SizeType>(text.size());
}

}  // namespace

RecordWriter::RecordWriter(Format format, std::span<const Field> fields, Output& out)
    : format_(format), fields_(fields), out_(out), json_(out) {
  DFC_CHECK(format != Format::kTable);
}

// Late, so that a query that can't be understood prints nothing but its error.
void RecordWriter::Begin() {
  if (format_ == Format::kJson) {
    out_.Put('[');
    return;
  }
  for (const Field& field : fields_) {
    if (&field != &fields_.front()) out_.Put('\t');
    out_.Write(field.name);
  }
  out_.Put('\n');
}

void RecordWriter::Write(std::span<const std::string> values) {
  DFC_CHECK(values.size() == fields_.size());
  if (records_ == 0) Begin();
  if (format_ == Format::kJson) {
    WriteJson(values);
  } else {
    WriteTsv(values);
  }
  ++records_;
}

void RecordWriter::WriteJson(std::span<const std::string> values) {
  // The array is ours and each record its own document: one record a line can be read and cut.
  out_.Write(records_ == 0 ? "\n" : ",\n");
  json_.Reset(out_);
  json_.StartObject();
  for (size_t i = 0; i < values.size(); ++i) {
    const Field& field = fields_[i];
    json_.Key(field.name.data(), JsonSize(field.name));
    if (values[i].empty() && field.kind != Field::Kind::kText) {
      json_.Null();
    } else if (field.kind == Field::Kind::kNumber) {
      json_.RawValue(values[i].data(), values[i].size(), rapidjson::kNumberType);
    } else {
      const std::string text = ReplaceInvalidUtf8(values[i]);
      json_.String(text.data(), JsonSize(text));
    }
  }
  DFC_CHECK(json_.EndObject());
}

void RecordWriter::WriteTsv(std::span<const std::string> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out_.Put('\t');
    out_.Write(EscapeLine(values[i]));
  }
  out_.Put('\n');
}

void RecordWriter::Finish() {
  if (records_ == 0) Begin();
  if (format_ == Format::kJson) out_.Write(records_ == 0 ? "]\n" : "\n]\n");
}

}  // namespace dfc
