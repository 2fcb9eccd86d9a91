#include "stop_on_signal.h"

#include <csignal>

namespace dfc {

namespace {

static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

// A handler is given nothing but a number, so the flag to set has to lie where it can find it.
std::atomic<std::atomic<bool>*>& Target() {
  static constinit std::atomic<std::atomic<bool>*> target{nullptr};
  return target;
}

}  // namespace

StopOnSignal::StopOnSignal(std::atomic<bool>& stop) {
  Target() = &stop;
  struct sigaction action {};
  action.sa_handler = [](int) { Target().load()->store(true, std::memory_order_relaxed); };
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

StopOnSignal::~StopOnSignal() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace dfc
