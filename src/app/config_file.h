// A configuration file's text (TOML 1.0), taken apart: which key has which value on which line.
// Module: app
//
// Pure: whether an option has that name and may have that value is decided in option_values.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dfc {

// Read where it is there and no other is named.
inline constexpr char kConfigPath[] = "/etc/data-flow-collect/dfc.toml";
inline constexpr size_t kConfigBytesMax = 256 << 10;

// What can't be used, and on which line; 0 where it is about none.
struct ConfigFault {
  size_t line = 0;
  std::string text;
};

struct ConfigValue {
  enum class Kind { kText, kInteger, kBoolean };
  Kind kind = Kind::kText;
  std::string text;  // "500", "true"; without TOML's quotes.
};

struct ConfigSetting {
  std::string table;  // "" where the key is above all tables.
  std::string key;
  size_t line = 0;
  bool is_list = false;
  std::vector<ConfigValue> values;  // One, unless it is a list.
};

struct ConfigTable {
  std::string name;
  size_t line = 0;
};

struct ConfigFile {
  std::vector<ConfigTable> tables;
  std::vector<ConfigSetting> settings;  // As are the faults, in the order of lines.
  std::vector<ConfigFault> faults;
};

// TOML ends at its first mistake of syntax, a key that is there twice among them: then that is the
// only fault, and there are no settings.
ConfigFile ParseConfig(std::string_view text);

// `text` as a string of TOML, with its quotes.
std::string TomlString(std::string_view text);

}  // namespace dfc
