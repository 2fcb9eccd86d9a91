// Server-sent events: what is new in the store, told to everybody who listens.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "concurrentqueue/concurrentqueue.h"
#include "dfc/reader.h"
#include "dfc/web.h"
#include "guard.h"
#include "http.h"
#include "reader_pool.h"
#include "readerwriterqueue/readerwriterqueue.h"

namespace dfc {

// Who listens: made by the thread that takes the request, from then on written to by the one that
// calls EventHub::RunOnce() and read by whichever thread serves the connection.
struct Listener {
  static constexpr size_t kMessagesMax = 64;

  moodycamel::ReaderWriterQueue<std::string> messages{kMessagesMax};
  std::optional<FlowId> flow;         // Also tells when this one grows.
  bool is_analyst = false;            // Is told of imports.
  std::string flow_state;             // As last told.
  bool was_greeted = false;           // Has been told how the store is.
  bool missed = false;                // There was no room for a message.
  std::atomic<bool> has_left{false};  // The connection is gone.
};

// One look at the store a call, whatever the number of listeners; none without listeners.
class EventHub {
 public:
  EventHub(ReaderPool& pool, const WebWords& words) : pool_(pool), words_(words) {}

  // Any thread.
  Response Listen(const Request& request, const Caller& caller);

  // One thread: looks at the store and writes to all listeners. Their connections must be woken
  // after it.
  void RunOnce(int64_t now_ns);
  // The same thread: how an import is, to all who may know.
  void TellImport(const std::string& import);
  // Ends all streams, and those that somebody still asks for. Any thread.
  void Dismiss() { is_over_.store(true); }

 private:
  void Admit();
  absl::Status Look(Reader& reader, int64_t now_ns);
  absl::Status TellFlows(Reader& reader, int64_t now_ns);
  absl::Status TellTurns(Reader& reader, Listener& listener) const;
  void TellStore(const std::string& error);
  void TellAll(const char* event, const std::string& data);
  static void Tell(Listener& listener, const char* event, const std::string& data);

  ReaderPool& pool_;
  const WebWords& words_;
  moodycamel::ConcurrentQueue<std::unique_ptr<Listener>> arriving_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::string pulse_;
  std::string store_error_;  // "" while the store answers.
  // Packets of the flows that were told last, so that what has not grown is not told again.
  std::unordered_map<std::string, uint64_t> told_;
  std::optional<int64_t> newest_ns_;  // The last packet of any flow that was told.
  int quiet_rounds_ = 0;
  std::atomic<bool> is_over_{false};
};

}  // namespace dfc
