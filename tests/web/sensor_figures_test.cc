// What sensors say of themselves, taken apart and put together.
#include "sensor_figures.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace dfc {
namespace {

std::string Text(const std::map<std::string, double>& figures) {
  std::string text;
  for (const auto& [name, value] : figures) text += fmt::format("{}={} ", name, value);
  return text;
}

TEST(SensorFigures, AreNamedWithoutTheSensor) {
  EXPECT_EQ(Text(FiguresOf("# HELP a_total x 1\n# TYPE a_total counter\n"
                           "a_total{sensor=\"gate\",what=\"x\",of=\"y\"} 3\n"
                           "b{sensor=\"gate\"} 0.5\nc 7\n")),
            "a_total{what=\"x\",of=\"y\"}=3 b=0.5 c=7 ");
}

TEST(SensorFigures, WhatIsNoSampleIsLeftOut) {
  EXPECT_EQ(Text(FiguresOf("")), "");
  EXPECT_EQ(Text(FiguresOf("a\nb{sensor=\"x\"} much\nc{sensor=\"x\"} 1 2 x\n\n{} \n d")), "");
  EXPECT_EQ(Text(FiguresOf("a{sensor=\"x 1\nb{ 2")), "a=1 b=2 ");
}

}  // namespace
}  // namespace dfc
