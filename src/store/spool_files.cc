#include "dfc/spool_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "dfc/file.h"

namespace dfc {

namespace {

template <typename Answer>
Answer OrErrno(Answer answer) {
  return answer < 0 ? static_cast<Answer>(-errno) : answer;
}

class SystemFiles final : public SpoolFiles {
 public:
  int MakeDirectory(const std::string& path) override {
    if (::mkdir(path.c_str(), S_IRWXU) == 0) return 0;
    if (errno != EEXIST) return -errno;
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0) return -errno;
    if (!S_ISDIR(facts.st_mode)) return -ENOTDIR;
    const bool is_ours = facts.st_uid == ::geteuid() && (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    return is_ours ? 0 : -EPERM;
  }

  int List(const std::string& directory, std::vector<std::string>& names) override {
    names.clear();
    DIR* const open = ::opendir(directory.c_str());
    if (open == nullptr) return -errno;
    while (const dirent* entry = ::readdir(open)) names.emplace_back(entry->d_name);
    ::closedir(open);
    return 0;
  }

  int Create(const std::string& path) override {
    return OrErrno(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  }
  int Open(const std::string& path) override {
    return OrErrno(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  }
  int OpenToRead(const std::string& path) override {
    return OrErrno(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  }
  void Close(int fd) override { ::close(fd); }

  int64_t Size(int fd) override {
    struct stat facts {};
    return ::fstat(fd, &facts) == 0 ? facts.st_size : -errno;
  }
  int64_t Write(int fd, uint64_t offset, ByteSpan bytes) override {
    return OrErrno(::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)));
  }
  int64_t Read(int fd, uint64_t offset, uint8_t* to, size_t bytes) override {
    return OrErrno(::pread(fd, to, bytes, static_cast<off_t>(offset)));
  }
  int Truncate(int fd, uint64_t bytes) override {
    return OrErrno(::ftruncate(fd, static_cast<off_t>(bytes)));
  }
  int Sync(int fd) override { return OrErrno(::fdatasync(fd)); }

  int SyncDirectory(const std::string& path) override {
    const Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return directory.ok() ? OrErrno(::fsync(directory.get())) : -errno;
  }
  int Rename(const std::string& from, const std::string& to) override {
    return OrErrno(::rename(from.c_str(), to.c_str()));
  }
  int Remove(const std::string& path) override { return OrErrno(::unlink(path.c_str())); }

  int Lock(const std::string& path) override {
    Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!fd.ok()) return -errno;
    return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 ? fd.Release() : -errno;
  }
};

}  // namespace

std::unique_ptr<SpoolFiles> SystemSpoolFiles() { return std::make_unique<SystemFiles>(); }

}  // namespace dfc
