#include "sensor_figures.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "api.h"
#include "dfc/time.h"

namespace dfc {

namespace {

// Calls each(line) for the lines of `text`.
template <typename Each>
void ForEachLine(std::string_view text, Each each) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The families of several texts, each with its head once.
class Families {
 public:
  void Add(std::string_view text) {
    std::string* samples = nullptr;
    ForEachLine(text, [&](std::string_view line) {
      constexpr std::string_view kHelp = "# HELP ";
      constexpr std::string_view kType = "# TYPE ";
      if (line.starts_with(kHelp)) {
        const std::string_view rest = line.substr(kHelp.size());
        samples = &Find(rest.substr(0, rest.find(' ')), line);
      } else if (line.starts_with(kType)) {
        if (samples != nullptr && samples->empty()) *samples = fmt::format("{}\n", line);
      } else if (samples != nullptr && !line.empty()) {
        samples->append(line).push_back('\n');
      }
    });
  }

  std::string Text() const {
    std::string text;
    for (const Family& family : families_) text += family.help + '\n' + family.samples;
    return text;
  }

 private:
  struct Family {
    std::string name, help, samples;
  };

  std::string& Find(std::string_view name, std::string_view help) {
    for (Family& family : families_) {
      if (family.name == name) return family.samples;
    }
    families_.push_back({std::string(name), std::string(help), ""});
    return families_.back().samples;
  }

  std::vector<Family> families_;
};

std::string Escaped(std::string_view label) {
  std::string text;
  for (const char letter : label) {
    if (letter == '\\' || letter == '"') text.push_back('\\');
    text += letter == '\n' ? ' ' : letter;
  }
  return text;
}

}  // namespace

std::map<std::string, double> FiguresOf(std::string_view status) {
  std::map<std::string, double> figures;
  ForEachLine(status, [&](std::string_view line) {
    const size_t space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string_view::npos) return;
    double value = 0;
    const char* const end = line.data() + line.size();
    const auto [stop, error] = std::from_chars(line.data() + space + 1, end, value);
    if (error != std::errc() || stop != end) return;
    std::string name(line.substr(0, space));
    const size_t open = name.find('{');
    // The sensor's label is the first, and known.
    const size_t behind = name.find("\",", open);
    if (open != std::string::npos && behind == std::string::npos) name.erase(open);
    if (open != std::string::npos && behind != std::string::npos) {
      name.erase(open + 1, behind + 2 - (open + 1));
    }
    figures[std::move(name)] = value;
  });
  return figures;
}

Response MetricsResponse(ReaderPool& pool, int64_t now_ns) {
  auto reader = pool.Take();
  if (!reader.ok()) return ErrorResponse(503, MessageOf(reader.status()));
  Families families;
  std::string seen =
      "# HELP dfc_last_seen_seconds When the sensor was heard of last, since 1970.\n"
      "# TYPE dfc_last_seen_seconds gauge\n";
  const absl::Status status = (*reader)->Sensors([&](const StoredSensor& sensor) {
    if (sensor.t_status_ns == 0) return;
    seen += fmt::format("dfc_last_seen_seconds{{sensor=\"{}\"}} {}\n", Escaped(sensor.name),
                        sensor.t_status_ns / kNsPerSecond);
    if (now_ns - sensor.t_status_ns < kStatusFreshNs) families.Add(sensor.status);
  });
  reader->Note(status);
  if (!status.ok()) return ErrorResponse(status);
  Response response;
  response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                      {"Cache-Control", "no-store"}};
  response.body = seen + families.Text();
  return response;
}

}  // namespace dfc
