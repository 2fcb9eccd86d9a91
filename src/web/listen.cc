// Where to listen, from text.
#include <fmt/format.h>

#include <charconv>

#include "dfc/web.h"

namespace dfc {

absl::Status ParseListen(const std::string& text, WebOptions& options) {
  const size_t colon = text.rfind(':');
  std::string address = colon == std::string::npos ? options.address : text.substr(0, colon);
  const std::string port_text = colon == std::string::npos ? text : text.substr(colon + 1);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string::npos) {
    return absl::InvalidArgumentError(fmt::format("'{}': an IPv6 address needs brackets", text));
  }
  if (address == "localhost") address = "127.0.0.1";
  IpAddress parsed;
  uint16_t port = 0;
  const char* const end = port_text.data() + port_text.size();
  const auto [stop, error] = std::from_chars(port_text.data(), end, port);
  if (!ParseAddress(address, parsed) || error != std::errc() || stop != end) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no ADDRESS:PORT such as 127.0.0.1:8080", text));
  }
  options.address = address;
  options.port = port;
  return absl::OkStatus();
}

}  // namespace dfc
