// The options of `config`, and which file the other commands read theirs from.
// Module: app
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "options.h"

namespace CLI {
class App;
}

namespace dfc {

void AddConfig(CLI::App& app, ConfigOptions& config);

// The file that is to be read, from the words as CLI11 takes them (last first): it has to be known
// before the options are given values. What is wrong with the words is left to who knows them all.
std::optional<std::string> ConfigPath(std::vector<std::string> words);

// Puts --password-file into the environment, where connections to the store and a process that
// imports look for it. A password that is there goes before what is not typed.
void TellPasswordFile(const std::string& path, bool is_typed);

}  // namespace dfc
