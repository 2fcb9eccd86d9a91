#include "exposition.h"

#include <fmt/format.h>

namespace dfc {

void Exposition::Begin(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::AddLabel(const Label& label) {
  text_ += fmt::format("{}=\"", label.first);
  for (const char letter : label.second) {
    if (letter == '\n') {
      text_ += "\\n";
      continue;
    }
    if (letter == '\\' || letter == '"') text_.push_back('\\');
    text_.push_back(letter);
  }
  text_.push_back('"');
}

void Exposition::AddText(std::string_view value, Labels labels, std::string_view suffix) {
  text_ += fmt::format("{}{}{{", name_, suffix);
  AddLabel({"sensor", sensor_});
  for (const Label& label : labels) {
    text_.push_back(',');
    AddLabel(label);
  }
  text_ += fmt::format("}} {}\n", value);
}

void Exposition::Add(uint64_t value, Labels labels, std::string_view suffix) {
  AddText(fmt::format("{}", value), labels, suffix);
}

void Exposition::Add(double value, Labels labels, std::string_view suffix) {
  AddText(fmt::format("{}", value), labels, suffix);
}

}  // namespace dfc
