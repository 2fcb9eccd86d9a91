// The command line, parsed: plain structs that the subcommands take.
// Module: app
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dfc/pipeline.h"
#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

inline constexpr size_t kWorkersMax = 64;
inline constexpr uint64_t kReplayMemoryMin = uint64_t{64} << 20;
inline constexpr uint64_t kReplayMemoryMax = uint64_t{1} << 40;
inline constexpr size_t kSensorNameBytesMax = 64;
inline constexpr uint64_t kTableRowsDefault = 50;
inline constexpr uint64_t kRowsUnlimited = INT64_MAX;  // Fits both databases' LIMIT.

enum class Format { kTable, kJson, kTsv };

// Options that every subcommand takes.
struct CommonOptions {
  std::string store = "sqlite:dfc.db";
  std::string sensor = "default";
};

struct ReplayOptions {
  PipelineOptions pipeline;  // Complete but for the sensor.
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

struct ServeOptions {
  std::string listen = "127.0.0.1:8080";
  std::vector<std::string> host_names;
  std::string token_file;
  std::string tls_cert;  // Paths of PEM files.
  std::string tls_key;
  std::string version;  // Of the program.
};

enum class Command { kNone, kInit, kReplay, kFlows, kShow, kIcmp, kServe, kVerify };

struct CommandLine {
  Command command = Command::kNone;
  int exit_status = 0;  // With kNone: help or version was printed, or a mistake reported.
  CommonOptions common;
  ReplayOptions replay;
  ListOptions list;
  ShowOptions show;
  ServeOptions serve;
  VerifyOptions verify;
};

// Parses argv and the file that --config names. What can't be used is reported on standard error.
CommandLine ParseCommandLine(int argc, const char* const* argv);

// Workers when none are asked for: the processors that this process may use, less one each for the
// capture and the sink thread, at least 1 and at most 8.
size_t DefaultWorkers(size_t processors);
size_t UsableProcessors();

// OK, or why `name` can't name a sensor.
absl::Status CheckSensorName(const std::string& name);

}  // namespace dfc
