#include "dfc/interfaces.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "commands.h"
#include "dfc/time.h"
#include "output.h"
#include "record_writer.h"
#include "table.h"
#include "text.h"

namespace dfc {
namespace {

constexpr std::chrono::milliseconds kMeasured{500};

// What went through an interface in a second.
struct Rates {
  uint64_t received_packets, received_bytes, sent_packets, sent_bytes;
};

Rates RatesOf(const NetworkInterface& now, const NetworkInterface* before, int64_t elapsed_ns) {
  if (before == nullptr || elapsed_ns <= 0) return {};
  const auto rate = [&](uint64_t NetworkInterface::*count) {
    const uint64_t more = now.*count < before->*count ? 0 : now.*count - before->*count;
    return static_cast<uint64_t>(static_cast<double>(more) * kNsPerSecond /
                                 static_cast<double>(elapsed_ns));
  };
  return {rate(&NetworkInterface::received_packets), rate(&NetworkInterface::received_bytes),
          rate(&NetworkInterface::sent_packets), rate(&NetworkInterface::sent_bytes)};
}

const char* StateOf(const NetworkInterface& interface) {
  if (!interface.up) return "down";
  return interface.has_carrier ? "up" : "no link";
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<Field> Fields() {
  using enum Field::Kind;
  return {{"name", kText},
          {"state", kText},
          {"speed_mbit", kNumber},
          {"received_packets_per_s", kNumber},
          {"received_bytes_per_s", kNumber},
          {"sent_packets_per_s", kNumber},
          {"sent_bytes_per_s", kNumber},
          {"offloads", kText}};
}

// In the order of Fields().
std::vector<std::string> Record(const NetworkInterface& interface, const Rates& rates) {
  return {EscapeLine(interface.name),
          StateOf(interface),
          interface.speed_mbit ? std::to_string(*interface.speed_mbit) : "",
          std::to_string(rates.received_packets),
          std::to_string(rates.received_bytes),
          std::to_string(rates.sent_packets),
          std::to_string(rates.sent_bytes),
          Joined(interface.offloads)};
}

std::vector<std::string> Cells(const NetworkInterface& interface, const Rates& rates) {
  const auto flow = [](uint64_t packets, uint64_t bytes) {
    return fmt::format("{}/s {}/s", Grouped(packets), HumanBytes(bytes));
  };
  return {EscapeLine(interface.name),
          StateOf(interface),
          interface.speed_mbit ? Grouped(*interface.speed_mbit) : "",
          flow(rates.received_packets, rates.received_bytes),
          flow(rates.sent_packets, rates.sent_bytes),
          Joined(interface.offloads)};
}

// Where two listings are put together by name.
const NetworkInterface* Find(const std::vector<NetworkInterface>& interfaces,
                             const std::string& name) {
  const auto found = std::ranges::find(interfaces, name, &NetworkInterface::name);
  return found == interfaces.end() ? nullptr : &*found;
}

constexpr const char* kWarning =
    "Offloads that are on make frames differ from those on the wire: joined ones (gro lro gso "
    "tso),\n"
    "and checksums that nobody has filled in yet. dfc takes both as they are. For true frames:\n"
    "  ethtool -K NAME gro off lro off gso off tso off rx off tx off\n";

}  // namespace

int InterfacesCommand(const InterfacesOptions& options) {
  const auto before = ListInterfaces();
  if (!before.ok()) return ReportFailure(before.status());
  const int64_t started_ns = MonotonicClockNs();
  std::this_thread::sleep_for(kMeasured);
  const auto now = ListInterfaces();
  if (!now.ok()) return ReportFailure(now.status());
  const int64_t elapsed_ns = MonotonicClockNs() - started_ns;

  Output out(STDOUT_FILENO);
  const auto each = [&](auto take) {
    for (const NetworkInterface& interface : *now) {
      take(interface, RatesOf(interface, Find(*before, interface.name), elapsed_ns));
    }
  };
  if (options.format != Format::kTable) {
    const std::vector<Field> fields = Fields();
    RecordWriter records(options.format, fields, out);
    each([&](const auto& interface, const Rates& rates) {
      records.Write(Record(interface, rates));
    });
    records.Finish();
    return kExitDone;
  }
  Table table({{"NAME"}, {"STATE"}, {"MBIT/S", true}, {"RECEIVES"}, {"SENDS"}, {"OFFLOADS ON"}},
              out.terminal().columns, out);
  bool any = false;
  each([&](const NetworkInterface& interface, const Rates& rates) {
    table.Row(Cells(interface, rates));
    any = any || !interface.offloads.empty();
  });
  table.Finish();
  if (any) out.Write(kWarning);
  return kExitDone;
}

}  // namespace dfc
