#include "config_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "config_file.h"

namespace dfc {

void AddConfig(CLI::App& app, ConfigOptions& config) {
  CLI::App& command =
      *app.add_subcommand("config", "Check the configuration file, or show what is in effect");
  command
      .add_option("ACTION", config.action,
                  "check: tell its mistakes; show: print a file with every option")
      ->check(CLI::IsMember({"check", "show"}))
      ->type_name("")
      ->required()
      ->configurable(false);
  command.add_option("FILE", config.file, "Instead of the one that --config names")
      ->configurable(false);
}

std::optional<std::string> ConfigPath(std::vector<std::string> words) {
  CLI::App app;
  std::string named;
  app.set_help_flag();
  app.allow_extras();
  const CLI::Option* const option = app.add_option("--config", named);
  try {
    app.parse(words);
  } catch (const CLI::ParseError&) {
    return std::nullopt;  // To be reported where all options are known.
  }
  if (option->count() > 0) return named;
  const char* const variable = std::getenv("DFC_CONFIG");
  if (variable != nullptr && *variable != '\0') return variable;
  if (::access(kConfigPath, R_OK) == 0) return kConfigPath;
  return std::nullopt;
}

void TellPasswordFile(const std::string& path, bool is_typed) {
  if (path.empty()) return;
  if (!is_typed && std::getenv("DFC_PASSWORD") != nullptr) return;
  ::setenv("DFC_PASSWORD_FILE", path.c_str(), 1);
}

}  // namespace dfc
