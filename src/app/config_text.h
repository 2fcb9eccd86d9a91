// A configuration file with every option: what it does, its unit, its default, what is in effect.
// Module: app
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace dfc {

class OptionValues;

// Made of the options themselves. A line with a default has # in front; one with a value from the
// command line, the environment or the file has not.
std::string ConfigText(CLI::App& app, const OptionValues& values);

}  // namespace dfc
