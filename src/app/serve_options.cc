#include "serve_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "argument_words.h"
#include "confine_options.h"
#include "dfc/web.h"
#include "text.h"

namespace dfc {
namespace {

std::string SizeProblem(const std::string& text) {
  return ParseSize(text) ? "" : fmt::format("'{}' is no size", text);
}

std::string ImportSizeProblem(const std::string& text) {
  return ParseSize(text).value_or(0) > 0 ? "" : fmt::format("'{}' is no size", text);
}

std::string ListenProblem(std::string text) {
  Unhide(text);
  WebOptions options;
  return MessageOf(ParseListen(text, options));
}

// How a server is to be reached and by whom, of every command that has one.
void AddServing(CLI::App& command, ServeOptions& serve) {
  command.add_option("--host-name", serve.host_names, "Another name by which browsers may call it")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--token-file", serve.token_file, "Ask for a token of FILE (mode 0600)")
      ->type_name("FILE");
  command.add_option("--tls-cert", serve.tls_cert, "Certificate, PEM; others than this machine")
      ->type_name("FILE");
  command.add_option("--tls-key", serve.tls_key, "Its key, PEM (mode 0600)")->type_name("FILE");
  const auto set_cache = [&serve](const std::string& text) {
    serve.cache_bytes_max = ParseSize(text).value_or(serve.cache_bytes_max);
  };
  command.add_option_function<std::string>("--cache-max", set_cache, "Memory for flows in short")
      ->check(SizeProblem)
      ->type_name("SIZE")
      ->default_str("128M");
  command.add_option("--audit-log", serve.audit_log, "Write down who reads which content")
      ->type_name("FILE");
}

}  // namespace

void AddServeToo(CLI::App& command, ServeOptions& serve) {
  serve.listen.clear();
  command.add_option("--serve", serve.listen, "Show it in a browser, too, until Ctrl-C")
      ->check(ListenProblem)
      ->type_name("[ADDRESS:PORT]");
  AddServing(command, serve);
}

void AddServe(CLI::App& app, ServeOptions& serve, RawServe& raw) {
  CLI::App& command = *app.add_subcommand("serve", "Show the store in a browser");
  command.add_option("--listen", serve.listen, "Where browsers find it")
      ->check(ListenProblem)
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  AddServing(command, serve);
  AddConfine(command, serve.confine);
  command.add_flag("--allow-import", serve.allow_import, "Take captures that browsers send");
  command.add_option("--import-max", raw.import_max, "The largest of them")
      ->check(ImportSizeProblem)
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_option("--import-dir", serve.import_dir, "Keeps one while it comes and is read")
      ->type_name("FOLDER");
}

void CompleteServe(const RawServe& raw, ServeOptions& serve) {
  Unhide(serve.listen);
  serve.import_bytes_max = ParseSize(raw.import_max).value_or(serve.import_bytes_max);
}

}  // namespace dfc
