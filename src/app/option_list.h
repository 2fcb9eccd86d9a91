// Every command and option that the command line knows, for programs: the manual pages and the
// shells' completions are made of it while building, and so tell what this very program takes.
// Module: app
//
//   command   WORDS  about                                     of `config check`: "config check"
//   argument  WORDS  kind  names  type  default  traits  about
//
// Fields are parted by tabs and hold neither tab nor line end. WORDS name the command that an
// argument belongs to, "" for those that go with every command. `kind` is option, flag or
// positional; names are parted by commas, traits by spaces: required, repeatable, key (a
// configuration file may have it), env=NAME. A type is CLI11's: "SIZE", "HOW:{auto,verify}",
// "MS:INT in [1 - 1000]".
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace dfc {

// What `dfc --list-options` prints.
std::string OptionList(const CLI::App& app);

}  // namespace dfc
