// Figures in Prometheus' text format, version 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/
// Module: app
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace dfc {

class Exposition {
 public:
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::initializer_list<Label>;

  // Every sample has this label first.
  explicit Exposition(std::string sensor) : sensor_(std::move(sensor)) {}

  // Begins a family; its samples follow. A counter's name ends in "_total".
  void Counter(std::string_view name, std::string_view help) { Begin(name, help, "counter"); }
  void Gauge(std::string_view name, std::string_view help) { Begin(name, help, "gauge"); }
  void Histogram(std::string_view name, std::string_view help) { Begin(name, help, "histogram"); }

  // `suffix` is of a histogram's: "_bucket", "_sum", "_count".
  void Add(uint64_t value, Labels labels = {}, std::string_view suffix = "");
  void Add(double value, Labels labels = {}, std::string_view suffix = "");

  const std::string& text() const { return text_; }

 private:
  void Begin(std::string_view name, std::string_view help, std::string_view type);
  void AddText(std::string_view value, Labels labels, std::string_view suffix);
  void AddLabel(const Label& label);

  std::string sensor_;
  std::string name_;
  std::string text_;
};

}  // namespace dfc
