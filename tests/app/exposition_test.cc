// Prometheus' text format.
#include "exposition.h"

#include <gtest/gtest.h>

namespace dfc {
namespace {

TEST(Exposition, AFamilyHasItsHeadAndSamplesWithTheSensorFirst) {
  Exposition out("gate");
  out.Counter("dfc_rows_total", "Rows.");
  out.Add(uint64_t{7}, {{"what", "spooled"}});
  out.Add(uint64_t{0}, {{"what", "dropped"}});
  EXPECT_EQ(out.text(),
            "# HELP dfc_rows_total Rows.\n"
            "# TYPE dfc_rows_total counter\n"
            "dfc_rows_total{sensor=\"gate\",what=\"spooled\"} 7\n"
            "dfc_rows_total{sensor=\"gate\",what=\"dropped\"} 0\n");
}

TEST(Exposition, ASensorsNameCannotEndItsLabel) {
  Exposition out("a\"b\\c\nd");
  out.Gauge("dfc_flows", "Flows.");
  out.Add(1.5);
  EXPECT_TRUE(out.text().ends_with("dfc_flows{sensor=\"a\\\"b\\\\c\\nd\"} 1.5\n")) << out.text();
}

}  // namespace
}  // namespace dfc
