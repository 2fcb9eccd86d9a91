// The reading of a capture that has come: the part of Imports that one thread does.
#include <fmt/format.h>

#include <charconv>

#include "api.h"
#include "dfc/time.h"
#include "imports.h"

namespace dfc {

namespace {

// The child's standard input, as it calls it.
constexpr std::string_view kInput = "/dev/stdin";
constexpr std::string_view kMistake = "dfc: ";
constexpr size_t kWordsBytesMax = 64 << 10;
// Who was asked to end stores what it has read first.
constexpr int64_t kEndNsMax = 20 * kNsPerSecond;

// The numbers of "PACKETS<tab>BYTES..."; nothing else is taken.
void ReadProgress(std::string_view line, ImportSlot& slot) {
  const char* const end = line.data() + line.size();
  uint64_t packets = 0;
  uint64_t bytes = 0;
  const auto first = std::from_chars(line.data(), end, packets);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '\t') return;
  if (std::from_chars(first.ptr + 1, end, bytes).ec != std::errc()) return;
  slot.packets.store(packets, std::memory_order_relaxed);
  slot.read_bytes.store(bytes, std::memory_order_relaxed);
}

// What the child says of its standard input is said of the file.
std::string NameFile(std::string line, const std::string& name) {
  for (size_t at = line.find(kInput); at != std::string::npos;
       at = line.find(kInput, at + name.size())) {
    line.replace(at, kInput.size(), name);
  }
  return line;
}

// Its mistakes, and all else that it said.
void SplitWords(std::string_view words, ImportSlot& slot) {
  while (!words.empty()) {
    const size_t end = std::min(words.find('\n'), words.size());
    std::string line = NameFile(std::string(words.substr(0, end)), slot.name);
    words.remove_prefix(std::min(end + 1, words.size()));
    const bool is_mistake = line.starts_with(kMistake);
    if (is_mistake) line.erase(0, kMistake.size());
    std::string& to = is_mistake ? slot.error : slot.summary;
    if (!to.empty()) to += '\n';
    to += line;
  }
}

}  // namespace

std::optional<std::string> Imports::RunOnce() {
  ImportSlot& slot = slots_[current_.load(std::memory_order_acquire)];
  if (child_ != nullptr) {
    Watch(slot);
  } else if (slot.state.load(std::memory_order_acquire) == ImportState::kWaiting) {
    StartChild(slot);
  }
  if (!slot.TryShare()) return std::nullopt;
  std::string now;
  if (slot.id != 0) {
    Json json;
    WriteImport(slot, json);
    now = json.Take();
  }
  slot.Unshare();
  if (now == told_) return std::nullopt;
  return told_ = now;
}

void Imports::StartChild(ImportSlot& slot) {
  const Fd file = std::move(slot.file);
  auto child = ChildProcess::Start(options_.command, file);
  if (!child.ok()) {
    slot.error = MessageOf(child.status());
    Finish(slot, ImportState::kFailed);
    return;
  }
  child_ = *std::move(child);
  asked_to_end_ns_ = 0;
  out_.clear();
  err_.clear();
  slot.state.store(ImportState::kReading, std::memory_order_release);
}

void Imports::Watch(ImportSlot& slot) {
  const std::optional<int> status = child_->Ended();
  child_->Read(out_, err_);
  if (err_.size() > kWordsBytesMax) err_.resize(kWordsBytesMax);
  const size_t end = out_.rfind('\n');
  if (end != std::string::npos) {
    const size_t before = end == 0 ? std::string::npos : out_.rfind('\n', end - 1);
    ReadProgress(std::string_view(out_).substr(before + 1, end - before - 1), slot);
    out_.erase(0, end + 1);
  }
  if (out_.size() > kWordsBytesMax) out_.clear();
  if (status) return Conclude(slot, *status);
  if (!slot.stop.load(std::memory_order_relaxed)) return;
  const int64_t now_ns = MonotonicClockNs();
  if (asked_to_end_ns_ == 0) {
    asked_to_end_ns_ = now_ns;
    child_->AskToEnd();
  } else if (now_ns - asked_to_end_ns_ > kEndNsMax) {
    child_.reset();
    Conclude(slot, -SIGKILL);
  }
}

void Imports::Conclude(ImportSlot& slot, int status) {
  child_.reset();
  SplitWords(err_, slot);
  if (status < 0 && slot.error.empty()) {
    slot.error = fmt::format("the import was ended by signal {}; part of it is stored", -status);
  } else if (status != 0 && slot.error.empty()) {
    slot.error = fmt::format("the import ended with status {}", status);
  }
  if (audit_ != nullptr) {
    // It is done: there is nothing left to be refused.
    (void)audit_->Write({.time_ns = WallClockNs(),
                         .user = slot.user,
                         .peer = slot.peer,
                         .what = "imported",
                         .detail = slot.name,
                         .bytes = slot.received_bytes.load(std::memory_order_relaxed)});
  }
  Finish(slot, status == 0 ? ImportState::kDone : ImportState::kFailed);
}

std::string Imports::End() {
  is_over_.store(true);
  ImportSlot& slot = slots_[current_.load(std::memory_order_acquire)];
  if (child_ != nullptr) {
    const std::string name = slot.name;
    child_->AskToEnd();
    const std::optional<int> status = child_->WaitFor(kEndNsMax);
    child_->Read(out_, err_);
    Conclude(slot, status.value_or(-SIGKILL));
    return fmt::format("{}: its import was cut short; what was read until then is stored", name);
  }
  const ImportState state = slot.state.load(std::memory_order_acquire);
  if (state != ImportState::kReceiving && state != ImportState::kWaiting) return "";
  if (!slot.TryShare()) return "";
  std::string words = fmt::format("{}: it was not imported, nothing of it is stored", slot.name);
  slot.Unshare();
  return words;
}

}  // namespace dfc
