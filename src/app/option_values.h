// Gives options the values that a configuration file and the environment have for them.
// Module: app
//
// Keys and variables are made of the options' own names, so that there is no second list of them:
//   capture --flush-interval     key flush-interval under [capture]     DFC_CAPTURE_FLUSH_INTERVAL
//   --store, of every command    key store above all tables             DFC_STORE
// A value goes through the option's own checks and becomes what the option has where nothing later
// says otherwise: the file comes first, then the environment, then CLI11 with the command line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config_file.h"
#include "dfc/status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dfc {

// An option's key; "" where it has none: it is about one call only.
std::string KeyOf(const CLI::Option& option);
// A command with a table in the file.
bool HasKeys(const CLI::App& command);

// The variable of an option of `command`, "" for those of every command.
std::string VariableOf(std::string_view command, std::string_view key);

// What kind of value an option takes.
enum class Takes { kText, kNumber, kSize, kTruth };
Takes TakesOf(const CLI::Option& option);
bool TakesList(const CLI::Option& option);

class OptionValues {
 public:
  // The options of `app` and of its commands have to be there; `app` has to outlive this.
  explicit OptionValues(CLI::App& app) : app_(app) {}

  // An error where the file can't be read.
  absl::Status TakeFile(const std::string& path);
  void TakeEnvironment();

  // What could not be taken: "PATH:LINE: KEY: why", "$VARIABLE: why".
  const std::vector<std::string>& faults() const { return faults_; }
  // What was given to an option last; nullptr where nothing was.
  const std::vector<std::string>* Given(const CLI::Option& option) const;

 private:
  void TakeText(const std::string& path, std::string_view text);
  // Why the setting can't be used, or "".
  std::string Take(const ConfigSetting& setting);
  std::string Give(CLI::Option& option, const std::vector<std::string>& values);
  std::string TakeVariable(CLI::Option& option, const std::string& text);
  void TakeVariables(CLI::App& command, std::string_view name);

  CLI::App& app_;
  std::map<const CLI::Option*, std::vector<std::string>> given_;
  std::vector<std::string> faults_;
};

}  // namespace dfc
