#include "run_spool.h"

#include <gtest/gtest.h>

namespace dfc {
namespace {

TEST(SpoolFolder, IsTheSensorsOwn) {
  EXPECT_EQ(SpoolFolder("/s", "gw-1.lan"), "/s/gw-1.lan");
  EXPECT_EQ(SpoolFolder("auto", "a"), "/var/spool/data-flow-collect/a");
  EXPECT_EQ(SpoolFolder("", "a"), "/var/spool/data-flow-collect/a");
}

TEST(SpoolFolder, CannotBeLeftByASensorsName) {
  EXPECT_EQ(SpoolFolder("/s", "../x"), "/s/%2E.%2Fx");
  EXPECT_EQ(SpoolFolder("/s", "."), "/s/%2E");
  EXPECT_EQ(SpoolFolder("/s", "\xC3\xA4 %"), "/s/%C3%A4%20%25");
}

TEST(RunSpool, AFileNeedsNone) {
  SpoolSettings settings;
  const auto spool = RunSpool::Open(settings, *ParseStoreUrl("sqlite:t.db"), "gw", [](auto) {});
  ASSERT_TRUE(spool.ok());
  EXPECT_FALSE((*spool)->has_spool());
  Published<SpoolFigures> figures;
  EXPECT_EQ((*spool)->use(true, figures).spool, nullptr);
}

TEST(RunSpool, NoneMeansNone) {
  SpoolSettings settings;
  settings.directory = "none";
  const auto spool = RunSpool::Open(settings, *ParseStoreUrl("mysql://a@b/c"), "gw", [](auto) {});
  ASSERT_TRUE(spool.ok());
  EXPECT_FALSE((*spool)->has_spool());
}

TEST(RunSpool, AFolderThatCannotBeMadeIsRefused) {
  SpoolSettings settings;
  settings.directory = "/proc/none";
  const auto spool = RunSpool::Open(settings, *ParseStoreUrl("sqlite:t.db"), "gw", [](auto) {});
  EXPECT_FALSE(spool.ok());
}

}  // namespace
}  // namespace dfc
