// The command line, parsed: plain structs that the subcommands take.
// Module: app
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dfc/pipeline.h"
#include "dfc/retention.h"
#include "dfc/status.h"
#include "dfc/store_options.h"

namespace dfc {

inline constexpr uint64_t kReplayMemoryMin = uint64_t{64} << 20;
inline constexpr uint64_t kReplayMemoryMax = uint64_t{1} << 40;
inline constexpr uint64_t kRingBytesMin = uint64_t{1} << 20;
inline constexpr uint64_t kRingBytesMax = uint64_t{1} << 30;
inline constexpr uint32_t kSnaplenMin = 64;
inline constexpr uint32_t kSnaplenMax = 262'144;  // libpcap's own limit.
inline constexpr int kRingTimeoutMsMin = 1;
inline constexpr int kRingTimeoutMsMax = 1'000;
inline constexpr size_t kSensorNameBytesMax = 64;
inline constexpr uint64_t kTableRowsDefault = 50;
inline constexpr uint64_t kRowsUnlimited = INT64_MAX;  // Fits both databases' LIMIT.

enum class Format { kTable, kJson, kTsv };

// Options that every subcommand takes.
struct CommonOptions {
  std::string store = "sqlite:dfc.db";
  std::string sensor = "default";
  std::string password_file;  // "": what the environment says.
  std::string config;         // Path of the file that options were read from; "" without.
};

// Of commands that run on: see confine.h.
struct ConfineOptions {
  std::string user;  // "": the usual one.
  bool no_sandbox = false;
};

// Of a server for browsers.
struct ServeOptions {
  std::string listen = "127.0.0.1:8080";  // "" where a command need not serve.
  std::vector<std::string> host_names;
  std::string token_file;
  std::string tls_cert;  // Paths of PEM files.
  std::string tls_key;
  std::string audit_log;
  bool allow_import = false;
  uint64_t import_bytes_max = uint64_t{4} << 30;
  uint64_t cache_bytes_max = uint64_t{128} << 20;
  std::string import_dir;  // "": beside the store, or where temporary files are.
  std::string version;     // Of the program.
  ConfineOptions confine;  // Of `serve`; a command that serves as well has its own.
};

inline constexpr uint64_t kSpoolBytesMin = uint64_t{16} << 20;
inline constexpr uint64_t kSpoolBytesMax = uint64_t{64} << 40;

// Of `capture`: see docs/operations.md.
struct SpoolSettings {
  std::string directory = "auto";  // "none" for none; "auto" is chosen by the store.
  uint64_t bytes_max = uint64_t{4} << 30;
  bool drop_oldest = false;
  int64_t fsync_interval_ns = 500 * kNsPerMs;
  int64_t flush_interval_ns = 2 * kNsPerSecond;
  bool durable = false;
};

struct SpoolCommandOptions {
  std::string action = "status";
  std::string directory = "auto";
  Format format = Format::kTable;
};

struct ReplayOptions {
  PipelineOptions pipeline;  // Complete but for the sensor.
  std::string stats_file;    // "" for none.
  std::string dead_letters;  // Folder of a spool; "" for none: a refused row ends the run.
  StoreOptions writing;
  ServeOptions serve;
  bool quiet = false;
  bool progress = false;  // For a program that runs this one.
};

struct CaptureOptions {
  LiveOptions live;
  std::string filter_file;   // Instead of the filter in `live`.
  PipelineOptions pipeline;  // Complete but for the sensor; no files.
  std::string stats_file;    // "" for none.
  SpoolSettings spool;
  StoreOptions writing;
  ServeOptions serve;
  KeepLimits keep;
  ConfineOptions confine;
  std::string log_file;  // "": standard error.
  bool quiet = false;
};

// Of `flows` and `icmp`.
struct ListOptions {
  std::string query;
  std::string sort = "start";
  uint64_t limit = kTableRowsDefault;
  Format format = Format::kTable;
  bool digest = false;
  bool pings = false;
};

struct ShowOptions {
  enum class View { kText, kHex, kRaw, kDigest };
  std::string flow;
  View view = View::kText;
  bool client = true;
  bool server = true;
};

struct VerifyOptions {
  Format format = Format::kTable;
};

struct InitOptions {
  bool print_grants = false;
};

struct PruneOptions {
  KeepLimits keep;
  bool dry_run = false;
};

// Of `pin` and `unpin`.
struct PinOptions {
  std::string flow;
};

struct InterfacesOptions {
  Format format = Format::kTable;
};

// Of `config`: what it is to do, and what there is to say.
struct ConfigOptions {
  std::string action;
  std::string file;                 // "" for the one in effect.
  std::vector<std::string> faults;  // Of the file and the environment.
  std::string text;                 // A file with every option.
};

enum class Command {
  kNone,
  kInit,
  kReplay,
  kCapture,
  kInterfaces,
  kFlows,
  kShow,
  kIcmp,
  kServe,
  kSpool,
  kVerify,
  kPrune,
  kPin,
  kUnpin,
  kConfig
};

struct CommandLine {
  Command command = Command::kNone;
  int exit_status = 0;  // With kNone: help or version was printed, or a mistake reported.
  CommonOptions common;
  ReplayOptions replay;
  CaptureOptions capture;
  ListOptions list;
  ShowOptions show;
  ServeOptions serve;
  VerifyOptions verify;
  InterfacesOptions interfaces;
  SpoolCommandOptions spool;
  InitOptions init;
  PruneOptions prune;
  PinOptions pin;
  ConfigOptions config;
};

// Parses argv, with what the configuration file and the environment say where argv is silent. What
// can't be used is reported on standard error.
CommandLine ParseCommandLine(int argc, const char* const* argv);

// Workers when none are asked for: the processors that this process may use, less one each for the
// capture and the sink thread, at least 1 and at most 8.
size_t DefaultWorkers(size_t processors);
size_t UsableProcessors();

// OK, or why `name` can't name a sensor.
absl::Status CheckSensorName(const std::string& name);

}  // namespace dfc
