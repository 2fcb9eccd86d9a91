// The words of the command line that CLI11 would misread.
// Module: app
#pragma once

#include <string>
#include <vector>

namespace dfc {

// argv in CLI11's order (last first, without the program). CLI11 takes "-port:53" for options and
// "[::1]" for a list: such words begin with a byte that no argument has, until Unhide(). --serve
// without an address is given the usual one: it would take the next word, whatever that is.
std::vector<std::string> HideWords(int argc, const char* const* argv);

void Unhide(std::string& word);
// All of them, in a message.
void UnhideAll(std::string& message);

}  // namespace dfc
