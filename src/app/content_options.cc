#include "content_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "dfc/content_exceptions.h"
#include "text.h"

namespace dfc {
namespace {

constexpr char kNone[] = "none";

std::string LimitProblem(const std::string& text) {
  if (text == kNone || ParseSize(text)) return "";
  return fmt::format("'{}' is no size like 10M, and not {}", text, kNone);
}

// Those of one place replace those of another: the command line those of the file.
void TakeExceptions(const std::vector<std::string>& texts, ContentExceptions& exceptions) {
  exceptions = ContentExceptions();
  for (const std::string& text : texts) {
    const absl::Status taken = exceptions.Add(text);
    if (!taken.ok()) throw CLI::ValidationError("--no-content", MessageOf(taken));
  }
}

uint64_t LimitOf(const std::string& text) {
  return text == kNone ? UINT64_MAX : ParseSize(text).value_or(UINT64_MAX);
}

}  // namespace

void AddContentOptions(CLI::App& command, RawContent& raw, PipelineOptions& pipeline) {
  command.add_option("--content-limit", raw.limit, "Stored of a flow; what is past it is counted")
      ->check(LimitProblem)
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_option("--content-limit-side", raw.side_limit, "The same of each of its sides")
      ->check(LimitProblem)
      ->type_name("SIZE")
      ->capture_default_str();
  command
      .add_option_function<std::vector<std::string>>(
          "--no-content",
          [&pipeline](const std::vector<std::string>& texts) {
            TakeExceptions(texts, pipeline.no_content);
          },
          "Flows recorded without content: 443, 53/udp, 10.0.0.0/8 ...;\nrepeatable")
      ->type_name("PORT|NETWORK")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void CompleteContent(const RawContent& raw, PipelineOptions& pipeline) {
  pipeline.content_flow_bytes_max = LimitOf(raw.limit);
  pipeline.content_side_bytes_max = LimitOf(raw.side_limit);
}

}  // namespace dfc
