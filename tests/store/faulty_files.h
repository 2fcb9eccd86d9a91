// A disk that fails once, at the n-th call that changes something on it.
#pragma once

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dfc/spool_files.h"

namespace dfc {

enum class Fault {
  kNone,
  kNoSpace,  // The call fails with ENOSPC; of a write nothing is done.
  kIoError,
  kShort,  // A write does half of its work and the next one finds no space.
  kTorn,   // A write does half of its work, and the process is as good as dead.
};

class FaultyFiles final : public SpoolFiles {
 public:
  void FailAt(uint64_t call, Fault fault) {
    fail_at_ = calls_ + call;
    fault_ = fault;
  }
  bool failed() const { return failed_; }
  bool dead() const { return dead_; }
  uint64_t syncs() const { return syncs_; }
  // Files that are open, without locks.
  size_t open() const { return paths_.size(); }
  std::vector<std::string> failed_syncs;  // Files whose fsync has failed.
  bool synced_again = false;              // One of those was asked again.
  bool without_descriptors = false;       // Nothing can be opened to be read.
  bool keeps_all = false;                 // Nothing can be removed.

  int MakeDirectory(const std::string& path) override { return real_->MakeDirectory(path); }
  int List(const std::string& directory, std::vector<std::string>& names) override {
    return real_->List(directory, names);
  }
  int Create(const std::string& path) override {
    const int error = Next();
    return error != 0 ? error : Note(real_->Create(path), path);
  }
  int Open(const std::string& path) override { return Note(real_->Open(path), path); }
  int OpenToRead(const std::string& path) override {
    return without_descriptors ? -EMFILE : Note(real_->OpenToRead(path), path);
  }
  void Close(int fd) override {
    paths_.erase(fd);
    real_->Close(fd);
  }
  int64_t Size(int fd) override { return real_->Size(fd); }
  int64_t Write(int fd, uint64_t offset, ByteSpan bytes) override {
    if (full_) {
      full_ = false;
      return -ENOSPC;
    }
    const int error = Next();
    if (error == 0) return real_->Write(fd, offset, bytes);
    if (error != kHalf) return error;
    const int64_t put = real_->Write(fd, offset, bytes.first(bytes.size() / 2));
    full_ = !dead_;
    return dead_ ? -EIO : put;
  }
  int64_t Read(int fd, uint64_t offset, uint8_t* to, size_t bytes) override {
    return real_->Read(fd, offset, to, bytes);
  }
  int Truncate(int fd, uint64_t bytes) override {
    const int error = Next();
    return error != 0 ? error : real_->Truncate(fd, bytes);
  }
  int Sync(int fd) override {
    ++syncs_;
    for (const std::string& failed : failed_syncs) {
      synced_again = synced_again || failed == paths_[fd];
    }
    const int error = Next();
    if (error != 0) failed_syncs.push_back(paths_[fd]);
    return error != 0 ? error : real_->Sync(fd);
  }
  int SyncDirectory(const std::string& path) override {
    const int error = Next();
    return error != 0 ? error : real_->SyncDirectory(path);
  }
  int Rename(const std::string& from, const std::string& to) override {
    const int error = Next();
    return error != 0 ? error : real_->Rename(from, to);
  }
  int Remove(const std::string& path) override {
    if (keeps_all) return -EROFS;
    const int error = Next();
    return error != 0 ? error : real_->Remove(path);
  }
  int Lock(const std::string& path) override { return real_->Lock(path); }

 private:
  static constexpr int kHalf = -100'000;

  int Note(int fd, const std::string& path) {
    if (fd >= 0) paths_[fd] = path;
    return fd;
  }

  // What the call at hand answers: 0 where it may do its work.
  int Next() {
    if (dead_) return -EIO;
    if (fault_ == Fault::kNone || calls_++ != fail_at_) return 0;
    failed_ = true;
    dead_ = fault_ == Fault::kTorn;
    switch (fault_) {
      case Fault::kNoSpace:
        return -ENOSPC;
      case Fault::kIoError:
        return -EIO;
      default:
        return kHalf;
    }
  }

  std::unique_ptr<SpoolFiles> real_ = SystemSpoolFiles();
  std::map<int, std::string> paths_;
  uint64_t calls_ = 0;
  uint64_t fail_at_ = 0;
  uint64_t syncs_ = 0;
  Fault fault_ = Fault::kNone;
  bool failed_ = false;
  bool full_ = false;
  bool dead_ = false;
};

}  // namespace dfc
