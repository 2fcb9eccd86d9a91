// What the command line, the environment and a file say together.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "options.h"
#include "output.h"

namespace dfc {
namespace {

class Configured : public testing::Test {
 protected:
  Configured() {
    ::close(::mkstemp(path_.data()));
    Set("DFC_CONFIG", path_);
  }
  ~Configured() override {
    for (const std::string& name : set_) ::unsetenv(name.c_str());
    ::unsetenv("DFC_PASSWORD_FILE");
    ::unlink(path_.c_str());
  }

  void Set(const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }
  void File(const std::string& text) { std::ofstream(path_) << text; }

  CommandLine Parse(std::vector<const char*> words) {
    words.insert(words.begin(), "dfc");
    testing::internal::CaptureStderr();
    CommandLine line = ParseCommandLine(static_cast<int>(words.size()), words.data());
    said_ = testing::internal::GetCapturedStderr();
    for (size_t at = said_.find(path_); at != std::string::npos; at = said_.find(path_)) {
      said_.replace(at, path_.size(), "F");
    }
    return line;
  }
  // What is said of a file with this text.
  std::string Faults(const std::string& text) {
    File(text);
    EXPECT_EQ(Parse({"flows"}).exit_status, kExitFailed);
    return said_;
  }

  std::string path_ = testing::TempDir() + "dfc-config-XXXXXX";
  std::vector<std::string> set_;
  std::string said_;
};

TEST_F(Configured, FileSaysWhatIsNotTyped) {
  File("sensor = 'file'\n[replay]\nworkers = 3\npace = true\nmemory-max = '64M'\n");
  const CommandLine line = Parse({"replay", "a.pcap"});
  EXPECT_EQ(line.command, Command::kReplay) << said_;
  EXPECT_EQ(line.common.sensor, "file");
  EXPECT_EQ(line.common.config, path_);
  EXPECT_EQ(line.replay.pipeline.workers, 3u);
  EXPECT_EQ(line.replay.pipeline.memory_bytes_max, uint64_t{64} << 20);
  EXPECT_TRUE(line.replay.pipeline.pace);
}

TEST_F(Configured, EnvironmentGoesBeforeTheFile) {
  File("sensor = 'file'\n[capture]\nkeep = 3\npromiscuous = true\n");
  Set("DFC_SENSOR", "variable");
  Set("DFC_CAPTURE_KEEP", "4");
  Set("DFC_CAPTURE_PROMISCUOUS", "false");
  const CommandLine line = Parse({"capture", "-i", "lo"});
  EXPECT_EQ(line.common.sensor, "variable");
  EXPECT_EQ(line.capture.keep.days, 4u);
  EXPECT_FALSE(line.capture.live.promiscuous);
}

TEST_F(Configured, CommandLineGoesBeforeBoth) {
  File("sensor = 'file'\n[capture]\npromiscuous = true\nkeep = 3\n");
  Set("DFC_SENSOR", "variable");
  const CommandLine line =
      Parse({"--sensor", "typed", "capture", "-i", "lo", "--no-promiscuous", "--keep", "5"});
  EXPECT_EQ(line.common.sensor, "typed");
  EXPECT_FALSE(line.capture.live.promiscuous);
  EXPECT_EQ(line.capture.keep.days, 5u);
}

TEST_F(Configured, ListsReplaceOneAnother) {
  File("[capture]\ninterface = ['a', 'b']\n");
  using Names = std::vector<std::string>;
  EXPECT_EQ(Parse({"capture"}).capture.live.interfaces, (Names{"a", "b"}));
  EXPECT_EQ(Parse({"capture", "-i", "c"}).capture.live.interfaces, (Names{"c"}));
  Set("DFC_CAPTURE_INTERFACE", "d,e");
  EXPECT_EQ(Parse({"capture"}).capture.live.interfaces, (Names{"d", "e"}));
}

TEST_F(Configured, PoliciesReplaceOneAnother) {
  File("[replay]\nhost-policy = ['first']\n");
  const auto policy = [&](std::vector<const char*> words) {
    const CommandLine line = Parse(std::move(words));
    EXPECT_EQ(line.command, Command::kReplay) << said_;
    return line.replay.pipeline.host_policies.Of(IpAddress());
  };
  EXPECT_EQ(policy({"replay", "a"}), HostPolicy::kFirst);
  EXPECT_EQ(policy({"replay", "a", "--host-policy", "last"}), HostPolicy::kLast);
}

TEST_F(Configured, TypedFilterGoesBeforeTheFiles) {
  File("[capture]\ninterface = ['a']\nfilter = 'not port 22'\n");
  EXPECT_EQ(Parse({"capture"}).capture.live.filter, "not port 22");
  EXPECT_EQ(Parse({"capture", "tcp", "port", "80"}).capture.live.filter, "tcp port 80");
  EXPECT_EQ(Parse({"capture", "--filter", "udp"}).capture.live.filter, "udp");
}

TEST_F(Configured, WhatIsMissingIsStillRequired) {
  EXPECT_EQ(Parse({"capture"}).exit_status, kExitUsage);
  EXPECT_NE(said_.find("--interface is required"), std::string::npos) << said_;
}

TEST_F(Configured, FaultsHaveTheirLines) {
  EXPECT_EQ(Faults("\n[serve]\nlissten = 1\n"), "dfc: F:3: lissten: unknown key\n");
  EXPECT_EQ(Faults("workers = 1\n"),
            "dfc: F:1: workers: unknown key here; it goes under [replay] or [capture]\n");
  EXPECT_EQ(Faults("[replay]\nsensor = 'a'\n"),
            "dfc: F:2: sensor: unknown key here; it goes above the first table\n");
  EXPECT_EQ(Faults("[bogus]\na = 1\n"), "dfc: F:1: [bogus]: unknown table\n");
  EXPECT_EQ(Faults("[show]\nhex = true\n"), "dfc: F:1: [show]: unknown table\n");
}

TEST_F(Configured, ValuesHaveTheOptionsKind) {
  EXPECT_EQ(Faults("sensor = 5"), "dfc: F:1: sensor: takes a text in quotes\n");
  EXPECT_EQ(Faults("sensor = ['a']"), "dfc: F:1: sensor: takes one value, not a list\n");
  EXPECT_EQ(Faults("[replay]\nworkers = '2'"),
            "dfc: F:2: workers: takes a whole number, without quotes\n");
  EXPECT_EQ(Faults("[replay]\npace = 1"), "dfc: F:2: pace: takes true or false\n");
  EXPECT_EQ(Faults("[capture]\ninterface = ['a', 1]"),
            "dfc: F:2: interface: takes a text in quotes\n");
  EXPECT_EQ(Faults("[capture]\nring = true"),
            "dfc: F:2: ring: takes a size, such as 4096 or \"64M\"\n");
}

TEST_F(Configured, ValuesAreCheckedAsIfTyped) {
  EXPECT_EQ(Faults("[replay]\nworkers = 65"), "dfc: F:2: workers: Value 65 not in range 1 to 64\n");
  EXPECT_EQ(Faults("[flows]\nlimit = -1"), "dfc: F:2: limit: '-1' is no whole number\n");
  EXPECT_EQ(Faults("[replay]\nchecksums = 'no'"),
            "dfc: F:2: checksums: no not in {auto,verify,ignore}\n");
  EXPECT_EQ(Faults("[replay]\nhost-policy = ['nt']").find("dfc: F:2: host-policy: "), 0u) << said_;
}

TEST_F(Configured, AddressesAreCheckedToo) {
  EXPECT_EQ(Faults("[serve]\nlisten = '8080x'"),
            "dfc: F:2: listen: '8080x' is no ADDRESS:PORT such as 127.0.0.1:8080\n");
  File("[serve]\nlisten = '[::1]:8081'\n");
  EXPECT_EQ(Parse({"serve"}).serve.listen, "[::1]:8081");
  EXPECT_EQ(Parse({"serve", "--listen", "[::1]:8082"}).serve.listen, "[::1]:8082");
}

TEST_F(Configured, FaultsOfOverriddenValuesAreStillTold) {
  File("[flows]\nformat = 'xml'\n");
  EXPECT_EQ(Parse({"flows", "--format", "tsv"}).exit_status, kExitFailed);
}

TEST_F(Configured, PasswordFileReachesTheStore) {
  File("password-file = '/file'\n");
  Parse({"flows"});
  EXPECT_STREQ(::getenv("DFC_PASSWORD_FILE"), "/file");
  Parse({"flows", "--password-file", "/typed"});
  EXPECT_STREQ(::getenv("DFC_PASSWORD_FILE"), "/typed");
}

TEST_F(Configured, PasswordOfTheEnvironmentGoesBeforeTheFiles) {
  File("password-file = '/file'\n");
  Set("DFC_PASSWORD", "x");
  Parse({"flows"});
  EXPECT_EQ(::getenv("DFC_PASSWORD_FILE"), nullptr);
}

TEST_F(Configured, CheckLooksAtTheNamedFile) {
  File("[bogus]\n");
  const CommandLine faulty = Parse({"config", "check"});
  EXPECT_EQ(faulty.command, Command::kConfig);
  EXPECT_EQ(faulty.config.faults.size(), 1u);
  EXPECT_TRUE(Parse({"config", "check", "/dev/null"}).config.faults.empty());
}

}  // namespace
}  // namespace dfc
