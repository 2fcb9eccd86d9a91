#include "imports.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "api.h"
#include "dfc/check.h"
#include "dfc/time.h"

namespace dfc {

namespace {

constexpr size_t kNameBytesMax = 255;
constexpr const char* kNameless = "capture";

const char* StateName(ImportState state) {
  switch (state) {
    case ImportState::kReceiving:
      return "receiving";
    case ImportState::kWaiting:
      return "waiting";
    case ImportState::kReading:
      return "reading";
    case ImportState::kDone:
      return "done";
    case ImportState::kFailed:
      return "failed";
  }
  return "failed";
}

Response Accepted(const ImportSlot& slot) {
  Json json;
  WriteImport(slot, json);
  Response response = JsonResponse(json.Take());
  response.status = 202;
  response.headers.emplace_back("Location", fmt::format("/api/v1/imports/{}", slot.id));
  return response;
}

}  // namespace

bool ImportSlot::TryShare() {
  int count = readers.load(std::memory_order_relaxed);
  while (count != kOwned) {
    if (readers.compare_exchange_weak(count, count + 1, std::memory_order_acquire)) return true;
  }
  return false;
}

bool ImportSlot::TryOwn() {
  int nobody = 0;
  return readers.compare_exchange_strong(nobody, kOwned, std::memory_order_acquire);
}

void WriteImport(const ImportSlot& import, Json& json) {
  const ImportState state = import.state.load(std::memory_order_acquire);
  const bool is_over = state == ImportState::kDone || state == ImportState::kFailed;
  json.BeginObject();
  json.Count("id", import.id);
  json.Text("name", import.name);
  json.Optional("user", import.user);
  json.Text("state", StateName(state));
  json.Text("started", FormatTime(import.started_ns));
  json.Key("bytes");
  import.bytes ? json.Unsigned(*import.bytes) : json.Null();
  json.Count("received_bytes", import.received_bytes.load(std::memory_order_relaxed));
  json.Count("read_bytes", import.read_bytes.load(std::memory_order_relaxed));
  json.Count("packets", import.packets.load(std::memory_order_relaxed));
  json.Optional("summary", is_over ? import.summary : "");
  json.Optional("error", is_over ? import.error : "");
  json.EndObject();
}

// Takes the body, and hands it over when all of it is there. What goes wrong is remembered: an
// answer can be given at the end of the body only.
class Imports::Upload final : public BodySink {
 public:
  Upload(Imports& imports, ImportSlot& slot, Fd file)
      : imports_(imports), slot_(slot), file_(std::move(file)) {}

  ~Upload() override {
    if (is_over_) return;
    slot_.error =
        failure_ != 0 ? words_ : "it was cut off while it was sent; nothing of it is stored";
    imports_.Finish(slot_, ImportState::kFailed);
  }

  bool Write(ByteSpan bytes) override {
    if (failure_ == 0) Keep(bytes);
    if (failure_ == 0) return true;
    discarded_ += bytes.size();
    return discarded_ <= kDiscardedMax;
  }

  Response End() override {
    is_over_ = true;
    if (failure_ != 0) {
      slot_.error = words_;
      Response refusal = ErrorResponse(failure_, words_);
      imports_.Finish(slot_, ImportState::kFailed);
      return refusal;
    }
    slot_.file = std::move(file_);
    // From the next line on it may be over at any time, and the slot be another's.
    DFC_CHECK(slot_.TryShare());
    slot_.state.store(ImportState::kWaiting, std::memory_order_release);
    Response response = Accepted(slot_);
    slot_.Unshare();
    return response;
  }

 private:
  // So much is read for nothing, for the sake of an answer; then the connection is closed.
  static constexpr uint64_t kDiscardedMax = 64 << 20;

  void Keep(ByteSpan bytes) {
    const uint64_t received = slot_.received_bytes.load(std::memory_order_relaxed);
    if (slot_.stop.load(std::memory_order_relaxed)) {
      return Fail(409, "it was stopped while it was sent; nothing of it is stored");
    }
    if (bytes.size() > imports_.options_.bytes_max - received) {
      return Fail(413, fmt::format("a capture has at most {} bytes; see --import-max",
                                   imports_.options_.bytes_max));
    }
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        const int why = written < 0 ? errno : ENOSPC;
        return Fail(
            why == ENOSPC || why == EDQUOT ? 507 : 503,
            MessageOf(ErrnoStatus(why, fmt::format("keep it in {}", imports_.options_.directory))));
      }
      slot_.received_bytes.fetch_add(static_cast<uint64_t>(written), std::memory_order_relaxed);
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
  }

  void Fail(unsigned status, std::string words) {
    failure_ = status;
    words_ = std::move(words);
    file_.Close();  // The room is others' from now on.
  }

  Imports& imports_;
  ImportSlot& slot_;
  Fd file_;
  unsigned failure_ = 0;  // The status of the answer.
  std::string words_;
  uint64_t discarded_ = 0;
  bool is_over_ = false;
};

absl::StatusOr<Fd> Imports::MakeFile() const {
  const std::string& directory = options_.directory;
  Fd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (fd.ok()) return fd;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) {
    return ErrnoStatus(errno, fmt::format("make a file in {}", directory));
  }
  // A file system that has no nameless files: the name is taken away at once.
  std::string path = fmt::format("{}/.dfc-import-XXXXXX", directory);
  fd = Fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("make a file in {}", directory));
  if (::unlink(path.c_str()) != 0) return ErrnoStatus(errno, fmt::format("remove {}", path));
  return fd;
}

absl::Status Imports::Check() const {
  return options_.command.empty() ? absl::OkStatus() : MakeFile().status();
}

std::optional<Response> Imports::RefuseBody(const Request& request) const {
  if (!request.has_body) return ErrorResponse(400, "the body has to be a capture file");
  if (request.body_bytes && *request.body_bytes > options_.bytes_max) {
    return ErrorResponse(
        413, fmt::format("a capture has at most {} bytes; see --import-max", options_.bytes_max));
  }
  if (request.Parameter("name").value_or("").size() > kNameBytesMax) {
    return ErrorResponse(400, fmt::format("a name has at most {} bytes", kNameBytesMax));
  }
  struct statvfs disk {};
  const bool is_known = request.body_bytes && ::statvfs(options_.directory.c_str(), &disk) == 0;
  if (is_known && disk.f_frsize > 0 && *request.body_bytes / disk.f_frsize > disk.f_bavail) {
    return ErrorResponse(507, fmt::format("there is no room for it in {}", options_.directory));
  }
  return std::nullopt;
}

ImportSlot& Imports::Claim() {
  // There is one: few threads read, and each of them one at a time.
  for (;;) {
    std::array<ImportSlot*, kKeptMax> oldest_first;
    std::ranges::transform(slots_, oldest_first.begin(), [](ImportSlot& slot) { return &slot; });
    std::ranges::sort(oldest_first, {}, [](const ImportSlot* slot) { return slot->id; });
    for (ImportSlot* slot : oldest_first) {
      if (slot->TryOwn()) return *slot;
    }
  }
}

Response Imports::Begin(const Request& request, const Caller& caller) {
  if (auto refusal = RefuseBody(request)) return *std::move(refusal);
  if (is_over_.load()) return ErrorResponse(503, "the server ends");
  if (is_busy_.exchange(true, std::memory_order_acquire)) {
    return ErrorResponse(409, "another capture is being imported; try again when it is done");
  }
  absl::StatusOr<Fd> file = MakeFile();
  if (!file.ok()) {
    is_busy_.store(false, std::memory_order_release);
    return ErrorResponse(503, MessageOf(file.status()));
  }
  ImportSlot& slot = Claim();
  slot.id = next_id_++;
  slot.name = request.Parameter("name").value_or("");
  if (slot.name.empty()) slot.name = kNameless;
  slot.user = caller.name;
  slot.peer = request.peer;
  slot.bytes = request.body_bytes;
  slot.started_ns = WallClockNs();
  slot.summary.clear();
  slot.error.clear();
  slot.received_bytes.store(0);
  slot.read_bytes.store(0);
  slot.packets.store(0);
  slot.stop.store(false);
  slot.state.store(ImportState::kReceiving, std::memory_order_relaxed);
  slot.Disown();
  current_.store(static_cast<size_t>(&slot - slots_.data()), std::memory_order_release);
  Response response;
  response.sink = std::make_unique<Upload>(*this, slot, *std::move(file));
  return response;
}

void Imports::Finish(ImportSlot& slot, ImportState state) {
  // Who sees that it is over may send the next one at once, which must not get this slot yet.
  DFC_CHECK(slot.TryShare());
  is_busy_.store(false, std::memory_order_release);
  slot.state.store(state, std::memory_order_release);
  slot.Unshare();
}

Response Imports::List() {
  std::array<ImportSlot*, kKeptMax> shared{};
  size_t count = 0;
  for (ImportSlot& slot : slots_) {
    if (!slot.TryShare()) continue;
    shared[count++] = &slot;
  }
  const auto end = shared.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(shared.begin(), end, [](auto* a, auto* b) { return a->id > b->id; });
  Json json;
  json.BeginObject();
  json.Key("imports").BeginArray();
  for (size_t n = 0; n < count; ++n) {
    if (shared[n]->id != 0) WriteImport(*shared[n], json);
    shared[n]->Unshare();
  }
  json.EndArray();
  json.EndObject();
  return JsonResponse(json.Take());
}

Response Imports::Find(uint64_t id) {
  for (ImportSlot& slot : slots_) {
    if (id == 0 || !slot.TryShare()) continue;
    Json json;
    const bool is_it = slot.id == id;
    if (is_it) WriteImport(slot, json);
    slot.Unshare();
    if (is_it) return JsonResponse(json.Take());
  }
  return ErrorResponse(404, "there is no such import, or it was too long ago");
}

Response Imports::Stop(uint64_t id) {
  for (ImportSlot& slot : slots_) {
    if (id == 0 || !slot.TryShare()) continue;
    const bool is_it = slot.id == id;
    if (is_it) slot.stop.store(true, std::memory_order_relaxed);
    slot.Unshare();
    if (is_it) return Find(id);
  }
  return ErrorResponse(404, "there is no such import, or it was too long ago");
}

}  // namespace dfc
