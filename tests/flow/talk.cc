#include "talk.h"

#include <cstdlib>
#include <sstream>

namespace dfc {

Talk& Talk::Add(std::string_view script) {
  std::istringstream words{std::string(script)};
  for (std::string word; words >> word;) AddWord(word);
  return *this;
}

void Talk::AddWord(std::string_view word) {
  if (word.front() == '@') {
    t_ns_ = kStartNs + std::atoll(word.data() + 1) * 1'000'000;
    return;
  }
  const size_t side = word.front() == '>' ? 0 : 1;
  const auto number_behind = [word](char mark, uint32_t otherwise) {
    const size_t at = word.find(mark);
    return at == std::string_view::npos
               ? otherwise
               : static_cast<uint32_t>(std::strtoul(word.data() + at + 1, nullptr, 10));
  };
  const uint32_t seq = number_behind('=', next_[side]);
  const uint32_t ack = number_behind('#', next_[1 - side]);
  const std::string_view body = word.substr(1, word.find_first_of("=#^") - 1);
  const size_t colon = body.find(':');
  std::string flags(body.substr(0, colon));
  const std::string data(colon == std::string_view::npos ? "" : body.substr(colon + 1));
  const bool bare = flags == "S" || flags == "R";
  if (!bare && flags.find('A') == std::string::npos) flags += 'A';

  PacketBuilder packet =
      side == 0 ? Tcp("10.0.0.1:1000", "10.0.0.2:80") : Tcp("10.0.0.2:80", "10.0.0.1:1000");
  packet.Flags(flags).Seq(seq).Data(data);
  if (!bare) packet.Ack(ack);
  if (word.find('^') != std::string_view::npos) {
    packet.Urgent(static_cast<uint16_t>(number_behind('^', 0)));
  }
  traffic_.Add(t_ns_, packet);
  t_ns_ += 1'000'000;
  const bool takes_number = flags.find_first_of("SF") != std::string::npos;
  const bool own_number = word.find('=') != std::string_view::npos;
  if (own_number && flags.find('S') == std::string::npos) return;
  next_[side] = seq + static_cast<uint32_t>(data.size()) + (takes_number ? 1 : 0);
}

}  // namespace dfc
