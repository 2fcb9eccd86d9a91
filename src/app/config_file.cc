// The only file that includes toml++.
#include "config_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

namespace dfc {
namespace {

std::optional<ConfigValue> ValueOf(const toml::node& node) {
  if (const auto* text = node.as_string()) return ConfigValue{ConfigValue::Kind::kText, **text};
  if (const auto* number = node.as_integer()) {
    return ConfigValue{ConfigValue::Kind::kInteger, std::to_string(**number)};
  }
  if (const auto* truth = node.as_boolean()) {
    return ConfigValue{ConfigValue::Kind::kBoolean, **truth ? "true" : "false"};
  }
  return std::nullopt;
}

size_t LineOf(const toml::source_region& source) { return source.begin.line; }

void TakeSetting(const std::string& table, const toml::key& key, const toml::node& node,
                 ConfigFile& file) {
  ConfigSetting setting = {table, std::string(key.str()), LineOf(key.source()), false, {}};
  const toml::array* const list = node.as_array();
  setting.is_list = list != nullptr;
  const size_t count = list != nullptr ? list->size() : 1;
  for (size_t i = 0; i < count; ++i) {
    const std::optional<ConfigValue> value = ValueOf(list != nullptr ? (*list)[i] : node);
    if (!value) {
      file.faults.push_back(
          {setting.line,
           fmt::format("{}: a text in quotes, a whole number, true or false goes here",
                       setting.key)});
      return;
    }
    setting.values.push_back(*value);
  }
  file.settings.push_back(std::move(setting));
}

void TakeTable(const toml::key& key, const toml::table& table, ConfigFile& file) {
  const std::string name(key.str());
  file.tables.push_back({name, LineOf(key.source())});
  for (const auto& [inner, node] : table) {
    if (node.is_table()) {
      file.faults.push_back({LineOf(inner.source()),
                             fmt::format("[{}.{}]: a table has no tables", name, inner.str())});
    } else {
      TakeSetting(name, inner, node, file);
    }
  }
}

}  // namespace

ConfigFile ParseConfig(std::string_view text) {
  ConfigFile file;
  // toml++ reports by throwing; this is where that ends.
  try {
    const toml::table root = toml::parse(text);
    for (const auto& [key, node] : root) {
      if (const toml::table* table = node.as_table()) {
        TakeTable(key, *table, file);
      } else {
        TakeSetting("", key, node, file);
      }
    }
  } catch (const toml::parse_error& mistake) {
    file.faults.push_back({LineOf(mistake.source()), std::string(mistake.description())});
  }
  const auto by_line = [](const auto& a, const auto& b) { return a.line < b.line; };
  std::ranges::stable_sort(file.settings, by_line);
  std::ranges::stable_sort(file.faults, by_line);
  return file;
}

std::string TomlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      quoted += fmt::format("\\{}", letter);
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += letter;
    }
  }
  return quoted + '"';
}

}  // namespace dfc
