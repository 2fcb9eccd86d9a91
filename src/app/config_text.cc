#include "config_text.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <optional>
#include <utility>

#include "option_values.h"

namespace dfc {
namespace {

constexpr std::string_view kHead =
    R"(# data-flow-collect: every option that can be set, with its unit and its default.
#
# `dfc config check` finds mistakes; `dfc config show` prints this file with what is in effect.
# The command line goes before the environment, and that before this file. The variable of an
# option is DFC_ with table and key: DFC_STORE, DFC_CAPTURE_FLUSH_INTERVAL; a list has commas.
# Passwords and tokens do not go in here: password-file and token-file name files of mode 0600.
)";

using Text = std::string;
using Parts = std::pair<std::string_view, std::string_view>;

// "MS:UINT in [0 - 60000]" and "HOW:{a,b}" apart.
Parts TypeAndCheck(std::string_view text) {
  for (size_t at = text.find(':'); at != Text::npos; at = text.find(':', at + 1)) {
    const std::string_view check = text.substr(at + 1);
    if (check.starts_with('{') || check.find("INT in [") < 2) return {text.substr(0, at), check};
  }
  return {text, ""};
}

std::string UnitOf(std::string_view type) {
  constexpr std::array<Parts, 6> kUnits = {Parts{"MS", "In milliseconds"},
                                           {"SECONDS", "In seconds"},
                                           {"DAYS", "In days"},
                                           {"BYTES", "In bytes"},
                                           {"SIZE", "In bytes, or in quotes with K, M, G or T"},
                                           {"PERCENT", "In percent"}};
  for (const auto& [name, unit] : kUnits) {
    if (type == name) return std::string(unit);
  }
  return "";
}

// "0 to 60000", "one of auto, verify, ignore", or "".
std::string RangeOf(std::string_view check) {
  std::string range(check);
  if (const size_t at = range.find("in ["); at != std::string::npos && range.ends_with(']')) {
    range = range.substr(at + 4, range.size() - at - 5);
    if (const size_t dash = range.find(" - "); dash != Text::npos) range.replace(dash, 3, " to ");
    return range;
  }
  if (!range.starts_with('{')) return "";
  std::string words = "one of ";
  for (const char letter : range.substr(1, range.size() - 2)) {
    words += letter == ',' ? ", " : Text(1, letter);
  }
  return words;
}

std::string Joined(std::string first, const std::string& second) {
  if (first.empty()) return second;
  return second.empty() ? first : first + ", " + second;
}

std::string Facts(const CLI::Option& option, const std::string& usual) {
  const std::string full_type = option.get_type_name();
  const auto [type, check] = TypeAndCheck(full_type);
  std::string facts = Joined(UnitOf(type), RangeOf(check));
  if (TakesList(option)) facts = Joined(facts, "a list");
  if (!facts.empty() && facts[0] >= 'a' && facts[0] <= 'z') {
    facts[0] = static_cast<char>(facts[0] - 'a' + 'A');
  }
  // Where it depends, the help has it in words.
  const bool is_said = usual.empty() && option.get_description().find("default:") != Text::npos;
  if (!facts.empty()) facts += is_said ? "." : ". ";
  if (!is_said) facts += fmt::format("Default: {}.", usual.empty() ? "none" : usual);
  return facts;
}

std::string AsToml(const CLI::Option& option, const std::string& value) {
  switch (TakesOf(option)) {
    case Takes::kNumber:
    case Takes::kTruth:
      return value;
    case Takes::kSize:
      break;
    case Takes::kText:
      return TomlString(value);
  }
  const bool is_number = value.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? value : TomlString(value);
}

std::string AsToml(const CLI::Option& option, const std::vector<std::string>& values) {
  if (!TakesList(option)) return AsToml(option, values.back());
  std::string list = "[";
  for (const std::string& value : values) {
    list += (list.size() > 1 ? ", " : "") + AsToml(option, value);
  }
  return list + "]";
}

// What stands for a value where there is no default: the name that the help has for it.
std::string Example(const CLI::Option& option) {
  const std::string full_type = option.get_type_name();
  std::string_view type = TypeAndCheck(full_type).first;
  if (type.starts_with('[')) type = type.substr(1, type.size() - 2);
  if (TakesList(option)) return fmt::format("[{}]", TomlString(type));
  return TakesOf(option) == Takes::kText ? TomlString(type) : std::string(type);
}

std::string Commented(std::string_view text) {
  if (text.empty()) return "";
  std::string lines = "# ";
  for (const char letter : text) {
    lines += letter;
    if (letter == '\n') lines += "# ";
  }
  return lines + '\n';
}

std::string Entry(const CLI::Option& option, const OptionValues& values) {
  std::string usual = option.get_default_str();
  if (usual.empty() && TakesOf(option) == Takes::kTruth) usual = "false";
  const std::vector<std::string> typed = option.results();
  const std::vector<std::string>* in_effect = typed.empty() ? values.Given(option) : &typed;
  std::string line;
  if (in_effect != nullptr) {
    line = AsToml(option, *in_effect);
  } else {
    line = usual.empty() ? Example(option) : AsToml(option, std::vector{usual});
  }
  return fmt::format("\n{}{}{}{} = {}\n", Commented(option.get_description()),
                     Commented(Facts(option, usual)), in_effect == nullptr ? "#" : "",
                     KeyOf(option), line);
}

std::string Entries(CLI::App& command, const OptionValues& values) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (!KeyOf(*option).empty()) text += Entry(*option, values);
  }
  return text;
}

}  // namespace

std::string ConfigText(CLI::App& app, const OptionValues& values) {
  std::string text(kHead);
  text += Entries(app, values);
  for (CLI::App* command : app.get_subcommands([](const CLI::App* any) { return HasKeys(*any); })) {
    text += fmt::format("\n\n[{}]\n{}{}", command->get_name(),
                        Commented(command->get_description()), Entries(*command, values));
  }
  return text;
}

}  // namespace dfc
