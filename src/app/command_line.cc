// The only file that includes CLI11, which takes seconds to compile.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "options.h"
#include "output.h"
#include "text.h"

#ifndef DFC_VERSION
#error "the build defines DFC_VERSION"
#endif

namespace dfc {
namespace {

// CLI11 takes "-port:53" for options and "[::1]" for a list. A byte that no argument has, in front
// of such words, hides them from it; Unhide() takes it away again.
constexpr char kHidden = '\x01';

void Unhide(std::string& word) {
  if (!word.empty() && word.front() == kHidden) word.erase(0, 1);
}

bool IsOneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// The arguments in CLI11's order (last first), words that it would misread hidden.
std::vector<std::string> HideWords(int argc, const char* const* argv) {
  std::vector<std::string> words;
  bool takes_query = false;
  bool is_command = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool is_value = i > 1 && IsOneOf(argv[i - 1], {"--store", "--sensor", "--config"});
    if (!is_command && !is_value && !word.starts_with('-')) {
      is_command = true;
      takes_query = IsOneOf(word, {"flows", "icmp"});
    }
    const bool negated =
        takes_query && word.size() > 1 && word[0] == '-' && word[1] != '-' && word != "-h";
    const bool hide = negated || (!is_value && word.starts_with('['));
    words.push_back(hide ? std::string(1, kHidden).append(word) : std::string(word));
  }
  std::ranges::reverse(words);
  return words;
}

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
  size_t workers = 0;
  std::string memory_max = "384M";
  std::string checksums = "auto";
  std::vector<std::string> host_policies;
  std::string urgent = "oob";
  bool client = false;
  bool server = false;
  bool text = false;
  bool hex = false;
  bool raw = false;
  bool digest = false;
};

std::string SizeProblem(const std::string& text) {
  const std::optional<uint64_t> size = ParseSize(text);
  if (size && *size >= kReplayMemoryMin && *size <= kReplayMemoryMax) return "";
  return fmt::format("'{}' is no size from 64M to 1T", text);
}

std::string HostPolicyProblem(const std::string& text) {
  return MessageOf(HostPolicies().Add(text));
}

std::string SensorProblem(const std::string& name) { return MessageOf(CheckSensorName(name)); }

std::string StoreProblem(const std::string& text) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(text);
  return url.ok() ? "" : MessageOf(url.status());
}

void AddCommon(CLI::App& app, CommonOptions& common) {
  app.add_option("--store", common.store,
                 "sqlite:PATH, mysql://USER@HOST:PORT/DB,\nmysql://USER@/DB?socket=PATH, or null:")
      ->check(StoreProblem)
      ->type_name("URL")
      ->capture_default_str();
  app.add_option("--sensor", common.sensor, "Name under which packets are stored")
      ->check(SensorProblem)
      ->type_name("NAME")
      ->capture_default_str();
  app.set_config("--config", "", "Read options from FILE: key = value, [command] for its own")
      ->type_name("FILE");
}

void AddReplay(CLI::App& app, ReplayOptions& replay, RawOptions& raw) {
  CLI::App& command = *app.add_subcommand("replay", "Store the flows of capture files");
  command.add_option("FILE", replay.pipeline.files, "pcap, pcapng, .gz .zst .lz4; - is stdin")
      ->required()
      ->configurable(false);
  command.add_option("--filter", replay.pipeline.filter, "Take only what matches, as for tcpdump")
      ->type_name("BPF");
  command.add_option("--workers", raw.workers, "Threads that put flows together")
      ->check(CLI::Range(size_t{1}, kWorkersMax))
      ->type_name("N");
  command.add_option("--memory-max", raw.memory_max, "Bound of all buffers together")
      ->check(SizeProblem)
      ->type_name("SIZE")
      ->capture_default_str();
  command.add_flag("--pace", replay.pipeline.pace, "Keep the capture's own speed");
  command.add_option("--checksums", raw.checksums, "auto, verify or ignore")
      ->check(CLI::IsMember({"auto", "verify", "ignore"}))
      ->type_name("HOW")
      ->capture_default_str();
  command
      .add_option("--host-policy", raw.host_policies,
                  "Whose copy counts where data overlaps, for hosts of SUBNET or\nall: linux "
                  "first last bsd linux-ns old_linux solaris windows vista")
      ->check(HostPolicyProblem)
      ->type_name("NAME[=SUBNET]")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--urgent", raw.urgent, "TCP urgent bytes: oob (kept apart), inline or drop")
      ->check(CLI::IsMember({"oob", "inline", "drop"}))
      ->type_name("HOW")
      ->capture_default_str();
  command.add_flag("--quiet", replay.quiet, "Print errors only");
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
}

void AddServe(CLI::App& app, ServeOptions& serve) {
  CLI::App& command = *app.add_subcommand("serve", "Show the store in a browser");
  command.add_option("--listen", serve.listen, "Where browsers find it")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command.add_option("--host-name", serve.host_names, "Another name by which browsers may call it")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--token-file", serve.token_file, "Ask for the token in FILE (mode 0600)")
      ->type_name("FILE");
  command.add_option("--tls-cert", serve.tls_cert, "Certificate, PEM; others than this machine")
      ->type_name("FILE");
  command.add_option("--tls-key", serve.tls_key, "Its key, PEM (mode 0600)")->type_name("FILE");
}

// The policies read each by itself may still contradict each other.
void CompletePolicies(const RawOptions& raw, HostPolicies& policies) {
  for (const std::string& text : raw.host_policies) {
    const absl::Status taken = policies.Add(text);
    if (!taken.ok()) throw CLI::ValidationError("--host-policy", MessageOf(taken));
  }
}

void AddVerify(CLI::App& app, RawOptions& raw) {
  CLI::App& command = *app.add_subcommand(
      "verify", "Prove that nothing in the store is lost, cut or counted twice");
  AddFormat(command, raw.verify_format);
}

Format FormatNamed(std::string_view name) {
  if (name == "json") return Format::kJson;
  return name == "tsv" ? Format::kTsv : Format::kTable;
}

void CompleteReplay(const RawOptions& raw, PipelineOptions& pipeline) {
  pipeline.workers = raw.workers != 0 ? raw.workers : DefaultWorkers(UsableProcessors());
  pipeline.memory_bytes_max = ParseSize(raw.memory_max).value_or(pipeline.memory_bytes_max);
  if (raw.checksums == "verify") pipeline.checksums = Checksums::kVerify;
  if (raw.checksums == "ignore") pipeline.checksums = Checksums::kIgnore;
  if (raw.urgent == "inline") pipeline.urgent = Urgent::kInline;
  if (raw.urgent == "drop") pipeline.urgent = Urgent::kDrop;
  for (std::string& file : pipeline.files) Unhide(file);
  Unhide(pipeline.filter);
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
  if (app.got_subcommand("flows")) return Command::kFlows;
  if (app.got_subcommand("show")) return Command::kShow;
  if (app.got_subcommand("icmp")) return Command::kIcmp;
  if (app.got_subcommand("serve")) return Command::kServe;
  if (app.got_subcommand("verify")) return Command::kVerify;
  return Command::kNone;
}

// One line, however many CLI11's message has.
// An option that does not exist comes before one that is missing: CLI11 looks for it last.
void ReportMistake(const CLI::App& app, const CLI::ParseError& mistake) {
  const std::vector<std::string> unknown = app.remaining(true);
  std::string message = mistake.what();
  if (!unknown.empty()) message = fmt::format("unknown argument '{}'", unknown.front());
  constexpr std::string_view kUnknownKey = "INI was not able to parse ";
  if (message.starts_with(kUnknownKey)) {
    const std::string key = message.substr(kUnknownKey.size());
    message = fmt::format("unknown key '{}' in {}", key.substr(0, key.find(".++")),
                          app.get_config_ptr()->as<std::string>());
  }
  std::erase(message, kHidden);
  std::ranges::replace(message, '\n', ' ');
  PrintError(message + "; run dfc --help");
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  RawOptions raw;
  CLI::App app("Puts the data flows of a network back together and keeps their content.", "dfc");
  app.set_version_flag("--version", "dfc " DFC_VERSION);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  AddCommon(app, line.common);
  app.add_subcommand("init", "Create the tables or bring them up to date");
  AddReplay(app, line.replay, raw);
  AddLists(app, raw);
  AddShow(app, line.show, raw);
  AddServe(app, line.serve);
  AddVerify(app, raw);
  for (CLI::App* command : app.get_subcommands({})) {
    command->footer("--store, --sensor and --config go with every command: see dfc --help.");
  }

  // CLI11 reports by throwing; this is where that ends.
  try {
    app.parse(HideWords(argc, argv));
    CompletePolicies(raw, line.replay.pipeline.host_policies);
  } catch (const CLI::Success& asked) {
    app.exit(asked);  // Prints help or version.
    return line;
  } catch (const CLI::ParseError& mistake) {
    ReportMistake(app, mistake);
    line.exit_status = kExitUsage;
    return line;
  }
  line.command = ChosenCommand(app);
  CompleteReplay(raw, line.replay.pipeline);
  CompleteList(line.command == Command::kIcmp ? raw.icmp : raw.flows, line.list);
  CompleteShow(raw, line.show);
  Unhide(line.serve.listen);
  line.serve.version = DFC_VERSION;
  line.verify.format = FormatNamed(raw.verify_format);
  if (line.command == Command::kNone) {
    std::fputs(app.help().c_str(), stderr);
    line.exit_status = kExitUsage;
  }
  return line;
}

}  // namespace dfc
