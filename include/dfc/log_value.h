// Values in lines of events: event=store-away reason="no route to host".
// Module: base
#pragma once

#include <string>
#include <string_view>

namespace dfc {

// `text` as it is where it is one plain word, else in quotes, with \" \\ and \n for what would end
// them, and other control characters as \xHH.
std::string LogValue(std::string_view text);

}  // namespace dfc
