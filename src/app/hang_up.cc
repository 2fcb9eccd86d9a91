#include "hang_up.h"

#include <atomic>
#include <csignal>

namespace dfc {

namespace {

static_assert(std::atomic<uint32_t>::is_always_lock_free, "a signal handler counts in it");

// A handler is given nothing but a number, so the count has to lie where it can find it.
std::atomic<uint32_t>& Count() {
  static constinit std::atomic<uint32_t> count{0};
  return count;
}

}  // namespace

HangUp::HangUp() : seen_(Count().load()) {
  struct sigaction action {};
  action.sa_handler = [](int) { Count().fetch_add(1, std::memory_order_relaxed); };
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGHUP, &action, nullptr);
}

bool HangUp::Came() {
  const uint32_t count = Count().load(std::memory_order_relaxed);
  if (count == seen_) return false;
  seen_ = count;
  return true;
}

}  // namespace dfc
