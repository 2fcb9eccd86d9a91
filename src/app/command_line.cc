// Of the few files that include CLI11, which takes seconds to compile.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "argument_words.h"
#include "config_file.h"
#include "config_options.h"
#include "config_text.h"
#include "option_list.h"
#include "option_values.h"
#include "options.h"
#include "output.h"
#include "prune_options.h"
#include "run_options.h"
#include "serve_options.h"
#include "spool_options.h"
#include "text.h"

#ifndef DFC_VERSION
#error "the build defines DFC_VERSION"
#endif

namespace dfc {
namespace {

// What CLI11 fills in and is put into the options' own types afterwards. Each command has its own:
// a configuration file sets those of the commands that are not run, too.
struct RawList {
  std::vector<std::string> query;
  std::string sort = "start";
  std::string format = "table";
  std::optional<uint64_t> limit;
  bool digest = false;
  bool pings = false;
};

struct RawOptions {
  RawList flows;
  RawList icmp;
  std::string verify_format = "table";
  std::string interfaces_format = "table";
  std::string spool_format = "table";
  RawRuns runs;
  RawServe serve;
  RawKeep keep;
  bool client = false;
  bool server = false;
  bool text = false;
  bool hex = false;
  bool raw = false;
  bool digest = false;
};

std::string SensorProblem(const std::string& name) { return MessageOf(CheckSensorName(name)); }

std::string StoreProblem(const std::string& text) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(text);
  return url.ok() ? "" : MessageOf(url.status());
}

// CLI11 would take -1 for the largest number of all.
std::string CountProblem(const std::string& text) {
  const bool is_count = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return is_count ? "" : fmt::format("'{}' is no whole number", text);
}

void AddCommon(CLI::App& app, CommonOptions& common) {
  app.add_option("--store", common.store,
                 "sqlite:PATH, mysql://USER@HOST:PORT,.../DB,\n"
                 "mysql://USER@/DB?socket=PATH, or null:")
      ->check(StoreProblem)
      ->type_name("URL")
      ->capture_default_str();
  app.add_option("--sensor", common.sensor, "Name under which packets are stored")
      ->check(SensorProblem)
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--password-file", common.password_file,
                 "Holds the password of a mysql:// store (mode 0600)")
      ->type_name("FILE");
  app.add_option("--config", common.config,
                 fmt::format("Read options from FILE, by default from\n{}", kConfigPath))
      ->type_name("FILE")
      ->configurable(false);
}

void AddFormat(CLI::App& command, std::string& format) {
  command.add_option("--format", format, "table, json or tsv")
      ->check(CLI::IsMember({"table", "json", "tsv"}))
      ->type_name("FORMAT")
      ->capture_default_str();
}

CLI::App& AddList(CLI::App& app, const char* name, const char* about, RawList& raw) {
  CLI::App& command = *app.add_subcommand(name, about);
  command.add_option("QUERY", raw.query, "Words such as proto:tcp host:10.0.0.1 -port:53")
      ->configurable(false);
  command.add_option("--limit", raw.limit, "Rows at most, 0 for all (default: 50 in a table)")
      ->check(CountProblem)
      ->type_name("N");
  AddFormat(command, raw.format);
  command.add_option("--sort", raw.sort, "A column; with - in front, largest first")
      ->type_name("FIELD")
      ->capture_default_str();
  return command;
}

void AddLists(CLI::App& app, RawOptions& raw) {
  CLI::App& flows = AddList(app, "flows", "List flows", raw.flows);
  flows.add_flag("--digest", raw.flows.digest, "Add the SHA-256 of each side's content");
  CLI::App& icmp = AddList(app, "icmp", "List ICMP messages", raw.icmp);
  icmp.add_flag("--pings", raw.icmp.pings, "Add requests and replies up: loss, round-trip times");
}

void AddShow(CLI::App& app, ShowOptions& show, RawOptions& raw) {
  CLI::App& command = *app.add_subcommand("show", "Show the content of a flow");
  command.add_option("FLOW", show.flow, "Id of the flow, or the beginning of one")
      ->required()
      ->configurable(false);
  CLI::Option* const client = command.add_flag("--client", raw.client, "Only what the client sent");
  command.add_flag("--server", raw.server, "Only what the server sent")->excludes(client);
  CLI::Option* const text = command.add_flag("--text", raw.text, "As text, the default");
  CLI::Option* const hex = command.add_flag("--hex", raw.hex, "As a hex dump")->excludes(text);
  CLI::Option* const bytes =
      command.add_flag("--raw", raw.raw, "The bytes and nothing else")->excludes(text, hex);
  command.add_flag("--digest", raw.digest, "Length and SHA-256 of each side")
      ->excludes(text, hex, bytes);
  for (CLI::Option* option : command.get_options()) option->configurable(false);
}

void AddVerify(CLI::App& app, RawOptions& raw) {
  CLI::App& command = *app.add_subcommand(
      "verify", "Prove that nothing in the store is lost, cut or counted twice");
  AddFormat(command, raw.verify_format);
}

void AddInterfaces(CLI::App& app, RawOptions& raw) {
  CLI::App& command = *app.add_subcommand("interfaces", "List where `capture` may listen");
  AddFormat(command, raw.interfaces_format);
}

Format FormatNamed(std::string_view name) {
  if (name == "json") return Format::kJson;
  return name == "tsv" ? Format::kTsv : Format::kTable;
}

void CompleteList(const RawList& raw, ListOptions& list) {
  for (std::string word : raw.query) {
    Unhide(word);
    if (!list.query.empty()) list.query.push_back(' ');
    list.query.append(word);
  }
  list.sort = raw.sort;
  Unhide(list.sort);
  list.format = FormatNamed(raw.format);
  const uint64_t usual = list.format == Format::kTable ? kTableRowsDefault : kRowsUnlimited;
  list.limit = std::min(raw.limit.value_or(usual), kRowsUnlimited);
  if (list.limit == 0) list.limit = kRowsUnlimited;
  list.digest = raw.digest;
  list.pings = raw.pings;
}

void CompleteShow(const RawOptions& raw, ShowOptions& show) {
  Unhide(show.flow);
  show.client = !raw.server;
  show.server = !raw.client;
  if (raw.hex) show.view = ShowOptions::View::kHex;
  if (raw.raw) show.view = ShowOptions::View::kRaw;
  if (raw.digest) show.view = ShowOptions::View::kDigest;
}

Command ChosenCommand(const CLI::App& app) {
  if (app.got_subcommand("init")) return Command::kInit;
  if (app.got_subcommand("replay")) return Command::kReplay;
  if (app.got_subcommand("capture")) return Command::kCapture;
  if (app.got_subcommand("interfaces")) return Command::kInterfaces;
  if (app.got_subcommand("flows")) return Command::kFlows;
  if (app.got_subcommand("show")) return Command::kShow;
  if (app.got_subcommand("icmp")) return Command::kIcmp;
  if (app.got_subcommand("serve")) return Command::kServe;
  if (app.got_subcommand("spool")) return Command::kSpool;
  if (app.got_subcommand("verify")) return Command::kVerify;
  if (app.got_subcommand("prune")) return Command::kPrune;
  if (app.got_subcommand("pin")) return Command::kPin;
  if (app.got_subcommand("unpin")) return Command::kUnpin;
  if (app.got_subcommand("config")) return Command::kConfig;
  return Command::kNone;
}

// One line, however many CLI11's message has.
// An option that does not exist comes before one that is missing: CLI11 looks for it last.
void ReportMistake(const CLI::App& app, const CLI::ParseError& mistake) {
  const std::vector<std::string> unknown = app.remaining(true);
  std::string message = mistake.what();
  if (!unknown.empty()) message = fmt::format("unknown argument '{}'", unknown.front());
  UnhideAll(message);
  std::ranges::replace(message, '\n', ' ');
  PrintError(message + "; run dfc --help");
}

void AddAll(CLI::App& app, RawOptions& raw, CommandLine& line) {
  app.set_version_flag("--version", "dfc " DFC_VERSION);
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  AddCommon(app, line.common);
  AddInit(app, line.init);
  AddReplay(app, line.replay, raw.runs);
  AddCapture(app, line.capture, raw.runs);
  AddInterfaces(app, raw);
  AddLists(app, raw);
  AddShow(app, line.show, raw);
  AddServe(app, line.serve, raw.serve);
  AddSpool(app, line.spool, raw.spool_format);
  AddVerify(app, raw);
  AddPrune(app, line.prune, line.pin, raw.keep);
  AddConfig(app, line.config);
  for (CLI::App* command : app.get_subcommands({})) {
    command->footer("--store, --sensor and --config go with every command: see dfc --help.");
  }
}

void CompleteAll(const RawOptions& raw, CommandLine& line) {
  CompleteRuns(raw.runs, line);
  CompleteList(line.command == Command::kIcmp ? raw.icmp : raw.flows, line.list);
  CompleteShow(raw, line.show);
  CompleteServe(raw.serve, line.serve);
  CompletePrune(raw.keep, line.prune, line.pin);
  line.serve.version = line.replay.serve.version = line.capture.serve.version = DFC_VERSION;
  line.verify.format = FormatNamed(raw.verify_format);
  line.interfaces.format = FormatNamed(raw.interfaces_format);
  line.spool.format = FormatNamed(raw.spool_format);
}

// What is wrong with the file and the environment, as an exit status.
int ReportConfig(const absl::Status& file, const OptionValues& values) {
  if (!file.ok()) {
    PrintError(MessageOf(file) + "; run dfc --help");
    return kExitUsage;
  }
  for (const std::string& fault : values.faults()) PrintError(fault);
  return values.faults().empty() ? kExitDone : kExitFailed;
}

int ParseWords(CLI::App& app, std::vector<std::string> words, const absl::Status& file,
               const OptionValues& values) {
  // CLI11 reports by throwing; this is where that ends.
  try {
    app.parse(words);
  } catch (const CLI::Success&) {
    throw;
  } catch (const CLI::ParseError& mistake) {
    const int status = ReportConfig(file, values);  // An option may be missing because of that.
    if (status == kExitDone) ReportMistake(app, mistake);
    return status == kExitDone ? kExitUsage : status;
  }
  return app.got_subcommand("config") && file.ok() ? kExitDone : ReportConfig(file, values);
}

CommandLine Parse(const std::vector<std::string>& words, const std::optional<std::string>& path) {
  CommandLine line;
  RawOptions raw;
  CLI::App app("Puts the data flows of a network back together and keeps their content.", "dfc");
  AddAll(app, raw, line);
  if (words == std::vector<std::string>{"--list-options"}) {
    std::fputs(OptionList(app).c_str(), stdout);
    return line;
  }
  OptionValues values(app);
  const absl::Status file = path ? values.TakeFile(*path) : absl::OkStatus();
  values.TakeEnvironment();
  try {
    line.exit_status = ParseWords(app, words, file, values);
  } catch (const CLI::Success& asked) {
    app.exit(asked);  // Prints help or version.
    return line;
  }
  if (line.exit_status != kExitDone) return line;
  line.command = ChosenCommand(app);
  line.common.config = path.value_or("");
  line.config.faults = values.faults();
  CompleteAll(raw, line);
  TellPasswordFile(line.common.password_file, app.get_option("--password-file")->count() > 0);
  if (line.command == Command::kConfig) line.config.text = ConfigText(app, values);
  if (line.command == Command::kNone) {
    std::fputs(app.help().c_str(), stderr);
    line.exit_status = kExitUsage;
  }
  return line;
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  const std::vector<std::string> words = HideWords(argc, argv);
  CommandLine line = Parse(words, ConfigPath(words));
  // `config` with a file: the options are those of that one.
  if (!line.config.file.empty()) line = Parse(words, line.config.file);
  return line;
}

}  // namespace dfc
