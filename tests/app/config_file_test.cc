#include "config_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace dfc {
namespace {

// "LINE TABLE.KEY=VALUE|VALUE", a setting a word; then "LINE!" for each fault.
std::string Read(std::string_view text) {
  std::string said;
  const auto add = [&](const std::string& word) { said += (said.empty() ? "" : " ") + word; };
  const ConfigFile file = ParseConfig(text);
  for (const ConfigSetting& setting : file.settings) {
    std::string values = setting.is_list ? "[" : "";
    for (const ConfigValue& value : setting.values) {
      const char kind = "tib"[static_cast<int>(value.kind)];
      values += fmt::format("{}{}", kind, value.text);
    }
    add(fmt::format("{}:{}.{}={}", setting.line, setting.table, setting.key, values));
  }
  for (const ConfigFault& fault : file.faults) add(fmt::format("{}!", fault.line));
  return said;
}

TEST(ConfigFile, SettingsHaveTheirLines) {
  EXPECT_EQ(Read("a = 'x'\n\n[t]\nb = 5\nc = true\n"), "1:.a=tx 4:t.b=i5 5:t.c=btrue");
  EXPECT_EQ(Read("[t]\nz = 1\na = 2"), "2:t.z=i1 3:t.a=i2");
  EXPECT_EQ(Read(""), "");
}

TEST(ConfigFile, ListsHaveTheirValues) {
  EXPECT_EQ(Read("a = ['x', 'y']\nb = []\nc = [\n1,\n2]"), "1:.a=[txty 2:.b=[ 3:.c=[i1i2");
}

TEST(ConfigFile, NumbersAreWrittenOutPlain) {
  EXPECT_EQ(Read("a = 0x10\nb = 1_000\nc = -3"), "1:.a=i16 2:.b=i1000 3:.c=i-3");
}

TEST(ConfigFile, DottedKeysAreTables) { EXPECT_EQ(Read("t.a = 1"), "1:t.a=i1"); }

TEST(ConfigFile, OtherKindsOfValuesAreFaults) {
  EXPECT_EQ(Read("a = 1.5\nb = 1979-05-27\nc = [[1]]\nd = 1"), "4:.d=i1 1! 2! 3!");
  EXPECT_EQ(Read("[t.u]\na = 1\n[v]\nb = {c = 1}"), "1! 4!");
  EXPECT_EQ(Read("[[t]]\na = 1"), "1!");
}

TEST(ConfigFile, MistakesOfSyntaxEndIt) {
  EXPECT_EQ(Read("a = 1\nb = \"x\nc = 2"), "2!");
  EXPECT_EQ(Read("a = 1\na = 2"), "2!");
  EXPECT_EQ(Read("[t]\n[u]\n[t]"), "3!");
  EXPECT_EQ(Read("a"), "1!");
  EXPECT_EQ(Read("\xFF"), "1!");
  EXPECT_EQ(Read("a = " + std::string(kConfigBytesMax, '[')), "1!");
}

TEST(ConfigFile, TablesAreToldWithoutSettingsToo) {
  const ConfigFile file = ParseConfig("\n[t]\n");
  ASSERT_EQ(file.tables.size(), 1u);
  EXPECT_EQ(file.tables[0].name, "t");
  EXPECT_EQ(file.tables[0].line, 2u);
}

TEST(TomlString, ComesBack) {
  const std::string text = "a\"b\\c\n\x01\x7F\xC3\xA9";
  const ConfigFile file = ParseConfig("a = " + TomlString(text));
  ASSERT_EQ(file.settings.size(), 1u);
  EXPECT_EQ(file.settings[0].values[0].text, text);
}

}  // namespace
}  // namespace dfc
