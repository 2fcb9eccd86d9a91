#include "option_values.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "dfc/file.h"

namespace dfc {
namespace {

using Kind = ConfigValue::Kind;

CLI::Option* OptionWithKey(CLI::App& command, std::string_view key) {
  for (CLI::Option* option : command.get_options()) {
    if (!key.empty() && KeyOf(*option) == key) return option;
  }
  return nullptr;
}

CLI::App* CommandNamed(CLI::App& app, std::string_view name) {
  const auto commands =
      app.get_subcommands([&](CLI::App* command) { return command->get_name() == name; });
  return commands.empty() ? nullptr : commands.front();
}

}  // namespace

bool HasKeys(const CLI::App& command) {
  return std::ranges::any_of(command.get_options(),
                             [](const CLI::Option* option) { return !KeyOf(*option).empty(); });
}

namespace {

bool LooksSecret(std::string key) {
  std::ranges::transform(key, key.begin(), [](unsigned char letter) {
    return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + 'a' - 'A' : letter);
  });
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"password", "passwd", "passphrase", "secret", "token",
                                              "credential"},
      [&](std::string_view word) { return key.find(word) != std::string::npos; });
}

// Why no option has this key, and what to do about it.
std::string UnknownKey(CLI::App& app, const ConfigSetting& setting) {
  if (LooksSecret(setting.key)) {
    return "secrets do not go into this file; put it into one of mode 0600 and name that with "
           "password-file or token-file";
  }
  if (!setting.table.empty() && OptionWithKey(app, setting.key) != nullptr) {
    return "unknown key here; it goes above the first table";
  }
  std::string owners;
  for (CLI::App* command : app.get_subcommands({})) {
    if (OptionWithKey(*command, setting.key) == nullptr) continue;
    owners += fmt::format("{}[{}]", owners.empty() ? "" : " or ", command->get_name());
  }
  return owners.empty() ? "unknown key" : fmt::format("unknown key here; it goes under {}", owners);
}

// Why values of these kinds do not suit the option, or "".
std::string WrongKind(const CLI::Option& option, const ConfigSetting& setting) {
  if (setting.is_list && !TakesList(option)) return "takes one value, not a list";
  const Takes takes = TakesOf(option);
  for (const ConfigValue& value : setting.values) {
    const bool is_number = value.kind == Kind::kInteger;
    if (takes == Takes::kTruth && value.kind != Kind::kBoolean) return "takes true or false";
    if (takes == Takes::kNumber && !is_number) return "takes a whole number, without quotes";
    if (takes == Takes::kText && value.kind != Kind::kText) return "takes a text in quotes";
    if (takes == Takes::kSize && value.kind == Kind::kBoolean) {
      return "takes a size, such as 4096 or \"64M\"";
    }
  }
  return "";
}

// CLI11's own words, without the option's name in front and on one line.
std::string Words(const CLI::Option& option, const CLI::Error& mistake) {
  std::string words = mistake.what();
  const std::string name = option.get_name() + ": ";
  if (words.starts_with(name)) words.erase(0, name.size());
  std::ranges::replace(words, '\n', ' ');
  return words;
}

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t end = 0; end != std::string_view::npos; text.remove_prefix(end + 1)) {
    end = text.find(',');
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
  }
  return parts;
}

}  // namespace

std::string KeyOf(const CLI::Option& option) {
  const bool has_key = option.get_configurable() && !option.get_lnames().empty();
  return has_key ? option.get_lnames().front() : "";
}

std::string VariableOf(std::string_view command, std::string_view key) {
  std::string name = fmt::format("DFC_{}{}{}", command, command.empty() ? "" : "_", key);
  for (char& letter : name) {
    if (letter == '-') letter = '_';
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return name;
}

Takes TakesOf(const CLI::Option& option) {
  if (option.get_expected_min() == 0) return Takes::kTruth;
  const std::string type = option.get_type_name();  // "MS:UINT in [1 - 1000]", "SIZE", "N".
  if (type.starts_with("SIZE")) return Takes::kSize;
  const bool is_number = type == "N" || type.find("INT in [") != std::string::npos;
  return is_number ? Takes::kNumber : Takes::kText;
}

bool TakesList(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

absl::Status OptionValues::TakeFile(const std::string& path) {
  DFC_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path, kConfigBytesMax));
  TakeText(path, text);
  return absl::OkStatus();
}

void OptionValues::TakeText(const std::string& path, std::string_view text) {
  ConfigFile file = ParseConfig(text);
  for (const ConfigTable& table : file.tables) {
    const CLI::App* const command = CommandNamed(app_, table.name);
    if (command != nullptr && HasKeys(*command)) continue;
    file.faults.push_back({table.line, fmt::format("[{}]: unknown table", table.name)});
    std::erase_if(file.settings,
                  [&](const ConfigSetting& setting) { return setting.table == table.name; });
  }
  for (const ConfigSetting& setting : file.settings) {
    const std::string why = Take(setting);
    if (!why.empty()) file.faults.push_back({setting.line, setting.key + ": " + why});
  }
  std::ranges::stable_sort(file.faults, {}, &ConfigFault::line);
  for (const ConfigFault& fault : file.faults) {
    faults_.push_back(fmt::format("{}:{}: {}", path, fault.line, fault.text));
  }
}

std::string OptionValues::Take(const ConfigSetting& setting) {
  CLI::App& command = setting.table.empty() ? app_ : *CommandNamed(app_, setting.table);
  CLI::Option* const option = OptionWithKey(command, setting.key);
  if (option == nullptr) return UnknownKey(app_, setting);
  std::string why = WrongKind(*option, setting);
  if (!why.empty()) return why;
  std::vector<std::string> texts;
  for (const ConfigValue& value : setting.values) texts.push_back(value.text);
  return Give(*option, texts);
}

// The option's callback sets the variable that CLI11 would set; after that the option is as if
// it had not been used, so that the command line replaces the value instead of adding to it.
std::string OptionValues::Give(CLI::Option& option, const std::vector<std::string>& values) {
  std::string why;
  try {
    for (const std::string& value : values) option.add_result(value);
    if (!values.empty()) option.run_callback();
  } catch (const CLI::Error& mistake) {
    why = Words(option, mistake);
  }
  option.clear();
  if (!why.empty() || values.empty()) return why;
  option.required(false);
  given_[&option] = values;
  return "";
}

std::string OptionValues::TakeVariable(CLI::Option& option, const std::string& text) {
  if (TakesOf(option) == Takes::kTruth && text != "true" && text != "false") {
    return "takes true or false";
  }
  return Give(option, TakesList(option) ? SplitAtCommas(text) : std::vector<std::string>{text});
}

void OptionValues::TakeVariables(CLI::App& command, std::string_view name) {
  for (CLI::Option* option : command.get_options()) {
    const std::string key = KeyOf(*option);
    if (key.empty()) continue;
    const std::string variable = VariableOf(name, key);
    const char* const text = std::getenv(variable.c_str());
    if (text == nullptr || *text == '\0') continue;
    const std::string why = TakeVariable(*option, text);
    if (!why.empty()) faults_.push_back(fmt::format("${}: {}", variable, why));
  }
}

void OptionValues::TakeEnvironment() {
  TakeVariables(app_, "");
  for (CLI::App* command : app_.get_subcommands({})) {
    TakeVariables(*command, command->get_name());
  }
}

const std::vector<std::string>* OptionValues::Given(const CLI::Option& option) const {
  const auto found = given_.find(&option);
  return found == given_.end() ? nullptr : &found->second;
}

}  // namespace dfc
