// Every call by which a spool touches a disk, so that a test can let each of them fail.
// Module: store
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dfc/bytes.h"

namespace dfc {

// Each answers like the call it is named after, but a failure is the negative errno. Not for
// several threads at once.
class SpoolFiles {
 public:
  virtual ~SpoolFiles() = default;

  // Mode 0700. One that is there is fine if it is this user's, and closed to others; else -EPERM:
  // who can write there could make rows, and who can read there has the content of all flows.
  virtual int MakeDirectory(const std::string& path) = 0;
  virtual int List(const std::string& directory, std::vector<std::string>& names) = 0;
  virtual int Create(const std::string& path) = 0;  // Mode 0600, must not be there yet.
  virtual int Open(const std::string& path) = 0;    // To read and to write.
  virtual int OpenToRead(const std::string& path) = 0;
  virtual void Close(int fd) = 0;
  virtual int64_t Size(int fd) = 0;
  // May write less than it is given.
  virtual int64_t Write(int fd, uint64_t offset, ByteSpan bytes) = 0;
  virtual int64_t Read(int fd, uint64_t offset, uint8_t* to, size_t bytes) = 0;
  virtual int Truncate(int fd, uint64_t bytes) = 0;
  virtual int Sync(int fd) = 0;
  virtual int SyncDirectory(const std::string& path) = 0;
  virtual int Rename(const std::string& from, const std::string& to) = 0;
  virtual int Remove(const std::string& path) = 0;
  // Keeps other processes out until the descriptor is closed; -EWOULDBLOCK when one is in.
  virtual int Lock(const std::string& path) = 0;
};

// The machine's own.
std::unique_ptr<SpoolFiles> SystemSpoolFiles();

}  // namespace dfc
