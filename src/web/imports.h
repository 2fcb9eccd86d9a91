// Capture files that browsers send: one at a time, into the store that is shown.
//
//   POST ─▶ Upload ─▶ file without a name ─▶ child process: dfc replay ─▶ store
//           (a thread of the library)        (started and watched by RunOnce())
//
// The child reads what strangers wrote, so that the server does not have to. The file never has a
// name that lasts: it is gone with the last process that has it open, whatever happens.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "audit_log.h"
#include "child_process.h"
#include "dfc/file.h"
#include "dfc/web.h"
#include "guard.h"
#include "http.h"
#include "json.h"

namespace dfc {

enum class ImportState : uint8_t { kReceiving, kWaiting, kReading, kDone, kFailed };

// What is known of one import. Text is written by one thread while nobody else may look: the first
// part while the slot is owned, the second before `state` says that the import is over.
struct ImportSlot {
  // Somebody reads it, and it is not used again meanwhile.
  bool TryShare();
  void Unshare() { readers.fetch_sub(1, std::memory_order_release); }
  // For a new import.
  bool TryOwn();
  void Disown() { readers.store(0, std::memory_order_release); }

  uint64_t id = 0;  // 0: never used.
  std::string name;
  std::string user;
  std::string peer;
  std::optional<uint64_t> bytes;  // As announced.
  int64_t started_ns = 0;

  std::string summary;
  std::string error;

  std::atomic<ImportState> state{ImportState::kFailed};
  std::atomic<uint64_t> received_bytes{0};
  std::atomic<uint64_t> read_bytes{0};  // By the child, of the file.
  std::atomic<uint64_t> packets{0};
  std::atomic<bool> stop{false};  // Somebody wants it to end.
  Fd file;                        // From the thread that received it to the one that reads it.

 private:
  static constexpr int kOwned = -1;
  std::atomic<int> readers{0};
};

void WriteImport(const ImportSlot& import, Json& json);

class Imports {
 public:
  // So many are remembered; the oldest makes room.
  static constexpr size_t kKeptMax = 16;

  // `audit` may be null, and must outlive this.
  Imports(const ImportOptions& options, AuditLog* audit) : options_(options), audit_(audit) {}
  ~Imports() { End(); }

  // OK, or why no file could be kept.
  absl::Status Check() const;

  // Any thread.
  Response Begin(const Request& request, const Caller& caller);
  Response List();
  Response Find(uint64_t id);
  Response Stop(uint64_t id);

  // One thread, which must be there as long as the server is. What has changed, for those who
  // listen: one import as JSON.
  std::optional<std::string> RunOnce();
  // Ends what runs, waiting for a while; what was cut short, in words, or "".
  std::string End();

 private:
  class Upload;

  absl::StatusOr<Fd> MakeFile() const;
  std::optional<Response> RefuseBody(const Request& request) const;
  ImportSlot& Claim();
  // Its text has been written, and nothing will be any more.
  void Finish(ImportSlot& slot, ImportState state);
  void StartChild(ImportSlot& slot);
  void Watch(ImportSlot& slot);
  void Conclude(ImportSlot& slot, int status);

  ImportOptions options_;
  AuditLog* audit_;
  std::array<ImportSlot, kKeptMax> slots_;
  // Whoever sets it may claim a slot, and owns next_id_.
  std::atomic<bool> is_busy_{false};
  std::atomic<size_t> current_{0};  // The slot of the import that goes on, or of the last one.
  uint64_t next_id_ = 1;
  std::atomic<bool> is_over_{false};

  // Of the thread that calls RunOnce().
  std::unique_ptr<ChildProcess> child_;
  int64_t asked_to_end_ns_ = 0;
  std::string out_;
  std::string err_;
  std::string told_;
};

}  // namespace dfc
