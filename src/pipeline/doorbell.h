// How a thread without work sleeps, and how it is woken: a futex behind std::atomic, no lock.
//
//   waiter: heard = bell.Heard(); if (found work) ...; else bell.WaitPast(heard);
//   ringer: make the work visible; bell.Ring();
//
// Heard() before the look for work and Ring() after the work is visible make sure that no ring is
// missed: acquire and release order the two. Any thread may ring; one waits.
#pragma once

#include <atomic>
#include <cstdint>

#include "thread_sanitizer.h"
#ifdef DFC_TSAN
#include <chrono>
#include <thread>
#endif

namespace dfc {

class Doorbell {
 public:
  uint32_t Heard() const { return rings_.load(std::memory_order_acquire); }

  void Ring() {
    rings_.fetch_add(1, std::memory_order_release);
    rings_.notify_one();
  }

  // Returns at once if the bell rang since `heard`; spins briefly, then sleeps.
  void WaitPast(uint32_t heard) const {
#ifdef DFC_TSAN
    // ThreadSanitizer holds a signal back until the thread makes a call that it knows. A futex is
    // none: whoever waits there, for a store that is away, would not hear that it is to stop.
    while (Heard() == heard) std::this_thread::sleep_for(std::chrono::milliseconds(1));
#else
    rings_.wait(heard, std::memory_order_acquire);
#endif
  }

 private:
  alignas(64) std::atomic<uint32_t> rings_{0};
};

// Calls `done` until it says true, and sleeps until the bell rings in between.
template <typename Done>
void RepeatUntil(const Doorbell& bell, Done done) {
  while (true) {
    const uint32_t heard = bell.Heard();
    if (done()) return;
    bell.WaitPast(heard);
  }
}

}  // namespace dfc
