// Any bytes as a configuration file: each setting and fault has a line of it, in order, and what
// was read comes back the same when it is written out.
#include <algorithm>

#include "config_file.h"
#include "dfc/bytes.h"
#include "fuzz_text.h"

namespace dfc {
namespace {

std::string Written(const ConfigValue& value) {
  return value.kind == ConfigValue::Kind::kText ? TomlString(value.text) : value.text;
}

std::string Written(const ConfigFile& file) {
  std::string text;
  for (const ConfigSetting& setting : file.settings) {
    if (!setting.table.empty()) text += TomlString(setting.table) + ".";
    text += TomlString(setting.key) + " = ";
    if (setting.is_list) text += "[";
    for (const ConfigValue& value : setting.values) {
      text += Written(value) + (setting.is_list ? ", " : "");
    }
    text += setting.is_list ? "]\n" : "\n";
  }
  return text;
}

bool IsSame(const ConfigSetting& one, const ConfigSetting& other) {
  const auto same = [](const ConfigValue& a, const ConfigValue& b) {
    return a.kind == b.kind && a.text == b.text;
  };
  return one.table == other.table && one.key == other.key && one.is_list == other.is_list &&
         std::ranges::equal(one.values, other.values, same);
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using dfc::Expect;
  const std::string_view text(dfc::AsChars(data), size);
  const dfc::ConfigFile file = dfc::ParseConfig(text);
  const auto lines = static_cast<size_t>(std::ranges::count(text, '\n')) + 1;
  size_t last = 1;
  for (const dfc::ConfigSetting& setting : file.settings) {
    Expect(setting.line >= last && setting.line <= lines);
    Expect(setting.is_list || setting.values.size() == 1);
    last = setting.line;
  }
  for (const dfc::ConfigFault& fault : file.faults) {
    Expect(fault.line >= 1 && fault.line <= lines && !fault.text.empty());
  }
  // A table without a name can't be told from what is above all tables.
  if (std::ranges::any_of(file.tables, [](const auto& table) { return table.name.empty(); })) {
    return 0;
  }
  const dfc::ConfigFile again = dfc::ParseConfig(dfc::Written(file));
  Expect(again.faults.empty());
  Expect(std::ranges::is_permutation(file.settings, again.settings, dfc::IsSame));
  return 0;
}
