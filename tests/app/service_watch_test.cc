#include "service_watch.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "dfc/time.h"
#include "gtest/gtest.h"

namespace dfc {
namespace {

void Advance(RunFigures& figures) {
  ++figures.capture_turns;
  ++figures.sink_turns;
  for (size_t n = 0; n < figures.worker_count; ++n) ++figures.worker_turns[n];
}

TEST(Pulse, NobodyIsStuckWhoAdvances) {
  RunFigures figures;
  figures.worker_count = 2;
  Pulse pulse(figures);
  for (int round = 0; round < 3; ++round) {
    Advance(figures);
    EXPECT_EQ(pulse.Stuck(kNsPerMinute), "");
  }
}

TEST(Pulse, EachThreadIsLookedAt) {
  RunFigures figures;
  figures.worker_count = 2;
  Pulse pulse(figures);
  EXPECT_EQ(pulse.Stuck(kNsPerMinute), "");
  EXPECT_EQ(pulse.Stuck(kNsPerMinute), "capture,sink,worker-0,worker-1");
  Advance(figures);
  EXPECT_EQ(pulse.Stuck(kNsPerMinute), "");
  ++figures.capture_turns;
  ++figures.worker_turns[0];
  EXPECT_EQ(pulse.Stuck(kNsPerMinute), "sink,worker-1");
}

TEST(Pulse, ACallThatIsWithTheStoreIsGivenTime) {
  RunFigures figures;
  Pulse pulse(figures);
  figures.store_call_ns = kNsPerMinute;
  for (int seconds : {60, 120, 179}) {
    ++figures.capture_turns;
    EXPECT_EQ(pulse.Stuck(seconds * kNsPerSecond), "");
  }
  ++figures.capture_turns;
  EXPECT_EQ(pulse.Stuck(180 * kNsPerSecond), "sink");
}

TEST(StatusLine, HasTheRateSinceTheLastOne) {
  RunFigures figures;
  StatusLine status(figures);
  CaptureFigures capture{};
  capture.packets[static_cast<size_t>(Verdict::kOk)] = 100;
  figures.capture.Set(capture);
  status.Next(kNsPerSecond);
  capture.packets[static_cast<size_t>(Verdict::kOk)] = 1'090;
  capture.packets[static_cast<size_t>(Verdict::kDroppedByKernel)] = 10;
  figures.capture.Set(capture);
  EXPECT_EQ(status.Next(6 * kNsPerSecond), "200 packets/s, 10 dropped, 0 flows");
}

// A service manager's end of the socket.
class ServiceWatchTest : public testing::Test {
 protected:
  ServiceWatchTest() {
    std::string name = (std::filesystem::temp_directory_path() / "dfc-notify-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    const std::string path = (folder_ / "s").string();
    socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    sockaddr_un here{};
    here.sun_family = AF_UNIX;
    std::memcpy(here.sun_path, path.data(), path.size());
    const void* const at = &here;
    EXPECT_EQ(::bind(socket_.get(), static_cast<const sockaddr*>(at), sizeof here), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "20000000", 1);
    manager_ = std::make_unique<ServiceManager>();
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    watch_ = std::make_unique<ServiceWatch>(*manager_, progress_,
                                            [this](const std::string& line) { log_ += line; });
  }
  ~ServiceWatchTest() override { std::filesystem::remove_all(folder_); }

  // What the manager has heard since the last time, in parts that end in "|".
  std::string Heard() {
    std::string all;
    char part[512];
    for (;;) {
      const ssize_t bytes = ::recv(socket_.get(), part, sizeof part, 0);
      if (bytes < 0) return all;
      all.append(part, static_cast<size_t>(bytes)).append("|");
    }
  }

  std::filesystem::path folder_;
  Fd socket_;
  std::unique_ptr<ServiceManager> manager_;
  PipelineProgress progress_;
  std::string log_;
  std::unique_ptr<ServiceWatch> watch_;
};

TEST_F(ServiceWatchTest, IsReadyOnceTheCaptureThreadTurns) {
  watch_->RunOnce(10 * kNsPerSecond);
  EXPECT_EQ(Heard(), "");
  ++progress_.figures.capture_turns;
  watch_->RunOnce(11 * kNsPerSecond);
  EXPECT_TRUE(Heard().starts_with("READY=1|STATUS=0 packets/s"));
  watch_->RunOnce(12 * kNsPerSecond);
  EXPECT_EQ(Heard(), "");
}

TEST_F(ServiceWatchTest, TheWatchdogHearsNothingOfAThreadThatStandsStill) {
  for (int round = 1; round < 4; ++round) {
    Advance(progress_.figures);
    watch_->RunOnce(round * 6 * kNsPerSecond);
    EXPECT_NE(Heard().find("WATCHDOG=1|"), std::string::npos);
  }
  ++progress_.figures.capture_turns;
  watch_->RunOnce(24 * kNsPerSecond);
  EXPECT_EQ(Heard().find("WATCHDOG=1|"), std::string::npos);
  EXPECT_EQ(log_, "event=stalled threads=sink");
}

TEST_F(ServiceWatchTest, AStopIsToldOnce) {
  ++progress_.figures.capture_turns;
  watch_->RunOnce(10 * kNsPerSecond);
  Heard();
  progress_.stop = true;
  watch_->RunOnce(10 * kNsPerSecond + 1);
  EXPECT_EQ(Heard(), "STOPPING=1|");
  watch_->RunOnce(10 * kNsPerSecond + 2);
  EXPECT_EQ(Heard(), "");
}

}  // namespace
}  // namespace dfc
