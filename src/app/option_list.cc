#include "option_list.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

namespace dfc {
namespace {

std::string OneField(std::string text) {
  std::ranges::replace_if(
      text, [](char byte) { return byte == '\t' || byte == '\n' || byte == '\r'; }, ' ');
  return text;
}

std::string_view KindOf(const CLI::Option& option) {
  if (option.get_positional()) return "positional";
  return option.get_expected_max() == 0 ? "flag" : "option";
}

std::string NamesOf(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return fmt::format("{}", fmt::join(names, ","));
}

std::string TraitsOf(const CLI::Option& option) {
  std::vector<std::string> traits;
  if (option.get_required()) traits.emplace_back("required");
  if (option.get_items_expected_max() > 1) traits.emplace_back("repeatable");
  if (option.get_configurable() && !option.get_positional()) traits.emplace_back("key");
  if (!option.get_envname().empty()) traits.push_back("env=" + option.get_envname());
  return fmt::format("{}", fmt::join(traits, " "));
}

void AppendArguments(const CLI::App& command, const std::string& words, std::string& list) {
  for (const CLI::Option* option : command.get_options({})) {
    if (option->get_group().empty()) continue;  // Hidden.
    list += fmt::format("argument\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", words, KindOf(*option),
                        NamesOf(*option), OneField(option->get_type_name()),
                        OneField(option->get_default_str()), TraitsOf(*option),
                        OneField(option->get_description()));
  }
}

void AppendCommand(const CLI::App& command, const std::string& words, std::string& list) {
  AppendArguments(command, words, list);
  for (const CLI::App* inner : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (inner->get_name().empty()) continue;  // A group of options, not a command.
    const std::string path = words.empty() ? inner->get_name() : words + " " + inner->get_name();
    list += fmt::format("command\t{}\t{}\n", path, OneField(inner->get_description()));
    AppendCommand(*inner, path, list);
  }
}

}  // namespace

std::string OptionList(const CLI::App& app) {
  std::string list;
  AppendCommand(app, "", list);
  return list;
}

}  // namespace dfc
