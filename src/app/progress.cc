#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "dfc/time.h"
#include "text.h"

namespace dfc {
namespace {

constexpr size_t kBarColumns = 20;

std::string TimeLeft(const ProgressFigures& figures) {
  if (figures.bytes_done == 0) return "";
  const auto done = static_cast<double>(figures.bytes_done);
  const auto rest = static_cast<double>(figures.bytes_total - figures.bytes_done);
  const double left_s = static_cast<double>(figures.elapsed_ns) / kNsPerSecond * rest / done;
  if (left_s >= 360'000) return "";
  const auto whole_s = static_cast<int64_t>(left_s);
  return fmt::format("  {}:{:02} left", whole_s / 60, whole_s % 60);
}

}  // namespace

std::string ProgressLine(const ProgressFigures& figures, size_t columns) {
  ProgressFigures shown = figures;
  // A file may grow while it is read.
  if (shown.bytes_total != 0) shown.bytes_done = std::min(shown.bytes_done, shown.bytes_total);
  const double elapsed_s =
      static_cast<double>(std::max<int64_t>(shown.elapsed_ns, 1)) / kNsPerSecond;
  const auto speed = static_cast<uint64_t>(static_cast<double>(shown.bytes_done) / elapsed_s);

  std::string line;
  if (shown.bytes_total != 0) {
    const double part =
        static_cast<double>(shown.bytes_done) / static_cast<double>(shown.bytes_total);
    const auto filled = static_cast<size_t>(part * kBarColumns);
    line = fmt::format("{:3} % [{:#<{}}{:-<{}}] ", static_cast<int>(part * 100), "", filled, "",
                       kBarColumns - filled);
  }
  line += HumanBytes(shown.bytes_done);
  if (shown.bytes_total != 0) line += " of " + HumanBytes(shown.bytes_total);
  line += fmt::format("  {}  {}/s", Count(shown.packets, "packet", "packets"), HumanBytes(speed));
  if (shown.bytes_total != 0) line += TimeLeft(shown);
  if (line.size() > columns) line.resize(columns);
  return line;
}

ProgressBar::ProgressBar(bool wanted)
    : terminal_(DescribeTerminal(STDERR_FILENO)),
      wanted_(wanted && terminal_.is_terminal),
      start_ns_(MonotonicClockNs()) {}

void ProgressBar::Draw(const PipelineProgress& progress) {
  if (!wanted_) return;
  ProgressFigures figures;
  figures.packets = progress.packets.load(std::memory_order_relaxed);
  figures.bytes_done = progress.bytes_done.load(std::memory_order_relaxed);
  figures.bytes_total = progress.bytes_total.load(std::memory_order_relaxed);
  figures.elapsed_ns = MonotonicClockNs() - start_ns_;
  // One column stays free: a full line would wrap on some terminals.
  std::fprintf(stderr, "\r%s\x1b[K", ProgressLine(figures, terminal_.columns - 1).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

}  // namespace dfc
