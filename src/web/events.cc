#include "events.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "api.h"
#include "dfc/time.h"
#include "guard.h"
#include "json.h"
#include "row_json.h"

namespace dfc {

namespace {

// Two of a page's tabs, for as many people as may be connected.
constexpr size_t kFlowsMax = 200;
// Older flows that grow are not looked for: as long as the longest idle time.
constexpr int64_t kLookBackNs = 3600 * kNsPerSecond;
// Workers write their flows in turn: what is a little older than the newest may come later.
constexpr int64_t kOverlapNs = 10 * kNsPerSecond;
// A comment now and then shows whether the other end is still there.
constexpr int kQuietRoundsMax = 15;

// What a connection reads. The listener outlives it: the hub frees those that have left.
class ListenerSource final : public BodySource {
 public:
  ListenerSource(Listener& listener, const std::atomic<bool>& is_over)
      : listener_(listener), is_over_(is_over) {}
  ~ListenerSource() override { listener_.has_left.store(true, std::memory_order_release); }

  int64_t Read(char* to, size_t bytes) override {
    if (at_ == message_.size()) {
      at_ = 0;
      message_.clear();
      if (!listener_.messages.try_dequeue(message_)) {
        return is_over_.load() ? kEnd : kLater;
      }
    }
    const size_t taken = std::min(bytes, message_.size() - at_);
    std::memcpy(to, message_.data() + at_, taken);
    at_ += taken;
    return static_cast<int64_t>(taken);
  }

 private:
  Listener& listener_;
  const std::atomic<bool>& is_over_;
  std::string message_;
  size_t at_ = 0;
};

uint64_t PacketsOf(const StoredFlow& flow) {
  return flow.row.counts[0].packets + flow.row.counts[1].packets;
}

}  // namespace

Response EventHub::Listen(const Request& request, const Caller& caller) {
  auto listener = std::make_unique<Listener>();
  listener->is_analyst = caller.role == Role::kAnalyst;
  if (const auto text = request.Parameter("flow")) {
    listener->flow = ParseFlowId(std::string(*text));
    if (!listener->flow) return ErrorResponse(400, "flow must be a flow's id");
  }
  listener->messages.try_enqueue(std::string("retry: 2000\n\n"));
  Response response;
  response.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}};
  response.source = std::make_unique<ListenerSource>(*listener, is_over_);
  arriving_.enqueue(std::move(listener));
  return response;
}

void EventHub::Admit() {
  std::erase_if(listeners_, [](const std::unique_ptr<Listener>& listener) {
    return listener->has_left.load(std::memory_order_acquire);
  });
  std::unique_ptr<Listener> listener;
  while (arriving_.try_dequeue(listener)) listeners_.push_back(std::move(listener));
}

void EventHub::Tell(Listener& listener, const char* event, const std::string& data) {
  // Who does not read gets no more until there is room, and is then told to ask again.
  if (listener.missed) {
    listener.missed = !listener.messages.try_enqueue(std::string("event: changed\ndata: {}\n\n"));
  }
  const bool told = !listener.missed && listener.messages.try_enqueue(
                                            fmt::format("event: {}\ndata: {}\n\n", event, data));
  listener.missed = listener.missed || !told;
}

void EventHub::TellAll(const char* event, const std::string& data) {
  for (const auto& listener : listeners_) Tell(*listener, event, data);
  quiet_rounds_ = 0;
}

void EventHub::TellImport(const std::string& import) {
  for (const auto& listener : listeners_) {
    if (listener->is_analyst) Tell(*listener, "import", import);
  }
}

void EventHub::RunOnce(int64_t now_ns) {
  Admit();
  if (listeners_.empty()) {
    // Who comes next asks for everything first.
    pulse_.clear();
    told_.clear();
    newest_ns_.reset();
    return;
  }
  auto reader = pool_.Take();
  absl::Status status = reader.status();
  if (reader.ok()) {
    status = Look(**reader, now_ns);
    reader->Note(status);
  }
  TellStore(status.ok() ? "" : MessageOf(status));
  if (++quiet_rounds_ < kQuietRoundsMax) return;
  quiet_rounds_ = 0;
  for (const auto& listener : listeners_) {
    (void)listener->messages.try_enqueue(std::string(": still here\n\n"));
  }
}

// Who has just come knows from it that nothing from here on is missed.
void EventHub::TellStore(const std::string& error) {
  const bool has_changed = error != store_error_;
  store_error_ = error;
  Json json;
  json.BeginObject();
  json.Flag("ok", error.empty());
  json.Text("error", error);
  json.EndObject();
  const std::string state = json.Take();
  for (const auto& listener : listeners_) {
    if (has_changed || !listener->was_greeted) Tell(*listener, "store", state);
    listener->was_greeted = true;
  }
}

absl::Status EventHub::Look(Reader& reader, int64_t now_ns) {
  DFC_ASSIGN_OR_RETURN(std::string pulse, reader.Pulse());
  const bool is_first = pulse_.empty();
  const bool has_changed = pulse != pulse_;
  for (const auto& listener : listeners_) {
    const bool is_new = listener->flow && listener->flow_state.empty();
    if (listener->flow && (has_changed || is_new)) {
      DFC_RETURN_IF_ERROR(TellTurns(reader, *listener));
    }
  }
  if (!has_changed) return absl::OkStatus();
  DFC_RETURN_IF_ERROR(TellFlows(reader, now_ns));
  pulse_ = std::move(pulse);  // What could not be read is told by the next look.
  if (!is_first) TellAll("changed", "{}");
  return absl::OkStatus();
}

// The first look only learns what there is.
absl::Status EventHub::TellFlows(Reader& reader, int64_t now_ns) {
  const bool is_first = !newest_ns_.has_value();
  FlowQuery query;
  query.sort = "-start";
  query.limit = kFlowsMax + 1;
  query.from_ns = now_ns - kLookBackNs;
  query.active_since_ns = is_first ? now_ns - kLookBackNs : *newest_ns_ - kOverlapNs;
  Json json;
  json.BeginObject();
  json.Key("flows").BeginArray();
  size_t found = 0;
  size_t news = 0;
  std::unordered_map<std::string, uint64_t> told;
  int64_t newest_ns = newest_ns_.value_or(now_ns - kLookBackNs);
  DFC_RETURN_IF_ERROR(reader.Flows(query, [&](const StoredFlow& flow) {
    if (++found > kFlowsMax) return;
    const std::string id = FormatFlowId(flow.row.id);
    const uint64_t packets = PacketsOf(flow);
    told[id] = packets;
    newest_ns = std::max(newest_ns, flow.row.t_last_ns);
    const auto before = told_.find(id);
    if (is_first || (before != told_.end() && before->second == packets)) return;
    WriteFlow(flow, words_, now_ns, json);
    ++news;
  }));
  json.EndArray();
  json.Flag("more", found > kFlowsMax);
  json.EndObject();
  told_ = std::move(told);
  newest_ns_ = newest_ns;
  if (news > 0) TellAll("flows", json.Take());
  return absl::OkStatus();
}

absl::Status EventHub::TellTurns(Reader& reader, Listener& listener) const {
  const auto flow = reader.Flow(*listener.flow);
  if (absl::IsNotFound(flow.status())) return absl::OkStatus();
  DFC_RETURN_IF_ERROR(flow.status());
  DFC_ASSIGN_OR_RETURN(const uint64_t chunks, reader.CountChunks(*listener.flow));
  Json json;
  json.BeginObject();
  json.Text("flow", FormatFlowId(*listener.flow));
  json.Text("state", FlowStateName(flow->row.state));
  json.Count("packets", PacketsOf(*flow));
  json.Count("chunks", chunks);
  json.Count("client_bytes", flow->row.counts[0].content_bytes);
  json.Count("server_bytes", flow->row.counts[1].content_bytes);
  json.EndObject();
  const std::string state = json.Take();
  const bool is_first = listener.flow_state.empty();
  if (state == listener.flow_state) return absl::OkStatus();
  listener.flow_state = state;
  if (!is_first) Tell(listener, "turns", state);
  return absl::OkStatus();
}

}  // namespace dfc
