#include "event_lines.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "dfc/log_value.h"
#include "gtest/gtest.h"

namespace dfc {
namespace {

TEST(LogValue, PlainWordsStayAsTheyAre) {
  EXPECT_EQ(LogValue("eth0"), "eth0");
  EXPECT_EQ(LogValue("/var/lib/x.seg"), "/var/lib/x.seg");
}
TEST(LogValue, OthersAreQuoted) {
  EXPECT_EQ(LogValue(""), R"("")");
  EXPECT_EQ(LogValue("no route"), R"("no route")");
  EXPECT_EQ(LogValue("a=b"), R"("a=b")");
}
TEST(LogValue, NothingEndsTheQuotesOrTheLine) {
  EXPECT_EQ(LogValue("say \"x\"\nevent=y\\"), R"("say \"x\"\nevent=y\\")");
  EXPECT_EQ(LogValue(std::string_view("\x1b\0", 2)), R"("\x1B\x00")");
}

TEST(LevelOf, IsByTheEventsName) {
  EXPECT_EQ(LevelOf("event=started interface=x"), EventLevel::kInfo);
  EXPECT_EQ(LevelOf("event=store-away reason=x"), EventLevel::kWarning);
  EXPECT_EQ(LevelOf("event=stalled threads=capture"), EventLevel::kError);
}

class EventLinesTest : public testing::Test {
 protected:
  EventLinesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "dfc-log-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    file_ = folder_ / "log";
  }
  ~EventLinesTest() override { std::filesystem::remove_all(folder_); }

  static std::string TextOf(const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  std::filesystem::path folder_;
  std::filesystem::path file_;
  EventLines lines_;
};

TEST_F(EventLinesTest, AFilesLinesHaveTimeAndLevel) {
  ASSERT_TRUE(lines_.Use(file_.string()).ok());
  lines_.Write(R"(event=store-away reason="a \"b\"")");
  const std::string text = TextOf(file_);
  EXPECT_TRUE(text.starts_with("time=20")) << text;
  EXPECT_TRUE(text.ends_with("Z level=warning event=store-away reason=\"a \\\"b\\\"\"\n")) << text;
}

TEST_F(EventLinesTest, ALineStaysOne) {
  ASSERT_TRUE(lines_.Use(file_.string()).ok());
  lines_.Write("event=x reason=a\nevent=y \x1b[31m");
  const std::string text = TextOf(file_);
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST_F(EventLinesTest, AfterARotationItGoesOnInANewFile) {
  ASSERT_TRUE(lines_.Use(file_.string()).ok());
  lines_.Write("event=one");
  std::filesystem::rename(file_, folder_ / "log.1");
  lines_.Write("event=two");
  ASSERT_TRUE(lines_.Reopen().ok());
  lines_.Write("event=three");
  EXPECT_NE(TextOf(folder_ / "log.1").find("event=two"), std::string::npos);
  EXPECT_EQ(TextOf(file_).find("event=two"), std::string::npos);
  EXPECT_NE(TextOf(file_).find("event=three"), std::string::npos);
}

TEST_F(EventLinesTest, AFolderThatIsGoneIsToldAndTheFormerFileGoneOnWith) {
  ASSERT_TRUE(lines_.Use(file_.string()).ok());
  std::filesystem::rename(folder_, folder_.string() + ".x");
  EXPECT_FALSE(lines_.Reopen().ok());
  lines_.Write("event=later");
  std::filesystem::rename(folder_.string() + ".x", folder_);
  EXPECT_NE(TextOf(file_).find("event=later"), std::string::npos);
}

}  // namespace
}  // namespace dfc
