#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "capture_bytes.h"
#include "capture_file.h"
#include "memory_source.h"

namespace dfc {
namespace {

// A file of this test with `text` in it; gone with the object.
class TempFile {
 public:
  explicit TempFile(const std::string& text) : path_(testing::TempDir() + "dfc_open_XXXXXX") {
    const Fd fd(mkstemp(path_.data()));
    EXPECT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  ~TempFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

absl::Status OpenError(const std::string& path) { return OpenCaptureFile(path, "").status(); }

TEST(OpenCaptureFile, ReadsAFile) {
  const TempFile file(Pcap() + Record(1, 0, "a"));
  EXPECT_EQ(ReadFrom(OpenCaptureFile(file.path(), "")).Texts(), "a");
}

TEST(OpenCaptureFile, TellsHowFarItIs) {
  const TempFile file(Pcap() + Record(1, 0, std::string(200'000, 'x')) +
                      Record(1, 0, std::string(200'000, 'x')));
  const auto source = OpenCaptureFile(file.path(), "");
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*source)->bytes_total(), 400'056u);
  EXPECT_LT((*source)->bytes_read(), 400'056u);
  Frame frame;
  while ((*source)->Next(frame)) continue;
  EXPECT_EQ((*source)->bytes_read(), 400'056u);
}

TEST(OpenCaptureFile, MissingFileIsNotFound) {
  const absl::Status status = OpenError("/nowhere/x.pcap");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(MessageOf(status), "open /nowhere/x.pcap: No such file or directory");
}

TEST(OpenCaptureFile, DirectoryIsRefused) {
  EXPECT_EQ(MessageOf(OpenError("/")), "/: is a directory; name the capture files in it");
}

TEST(OpenCaptureFile, EmptyFileIsRefused) {
  const TempFile file("");
  EXPECT_EQ(OpenError(file.path()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(OpenError(file.path())), file.path() + ": empty file");
}

TEST(OpenCaptureFile, OtherFileIsRefused) {
  const TempFile file("To whom it may concern");
  EXPECT_EQ(OpenError(file.path()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(OpenError(file.path())),
            file.path() +
                ": not a capture file (no pcap or pcapng magic); dfc reads pcap and "
                "pcapng, plain or gzip, zstd, lz4");
}

TEST(OpenCaptureFile, CutHeaderIsDamage) {
  const TempFile file(Pcap().substr(0, 10));
  EXPECT_EQ(OpenError(file.path()).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(MessageOf(OpenError(file.path())),
            file.path() + ": cut short inside the file header at offset 10");
}

TEST(OpenCaptureFile, FingerprintDoesNotDependOnTheName) {
  const std::string capture = Pcap() + Record(1, 0, "a");
  const TempFile one(capture);
  const TempFile two(capture);
  const TempFile other(Pcap() + Record(1, 0, "b"));
  const auto fingerprint = [](const TempFile& file) {
    return ReadFrom(OpenCaptureFile(file.path(), "")).fingerprint;
  };
  EXPECT_EQ(fingerprint(one), fingerprint(two));
  EXPECT_NE(fingerprint(one), fingerprint(other));
}

TEST(OpenCaptureFile, FingerprintDoesNotDependOnTheSizeOfPieces) {
  const std::string capture = Pcap() + Record(1, 0, std::string(100'000, 'x'));
  EXPECT_EQ(Read(capture, "", 1'000).fingerprint, Read(capture).fingerprint);
}

TEST(OpenCaptureFile, ReadsStandardInputFromAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Fd keep(dup(STDIN_FILENO));
  ASSERT_GE(dup2(ends[0], STDIN_FILENO), 0);
  close(ends[0]);
  // More than a pipe holds, so that reader and writer have to take turns.
  const std::string capture = Pcap() + Record(1, 0, std::string(200'000, 'x'));
  std::jthread writer([&capture, fd = ends[1]] {
    const Fd to(fd);
    for (ssize_t at = 0, wrote = 1; wrote > 0; at += wrote) {
      wrote = write(fd, capture.data() + at, capture.size() - static_cast<size_t>(at));
    }
  });
  const Reading reading = ReadFrom(OpenCaptureFile("-", ""));
  dup2(keep.get(), STDIN_FILENO);
  EXPECT_EQ(reading.frames.size(), 1u) << reading.status;
}

TEST(OpenCaptureFile, ErrorOfTheDeviceIsDamageWithItsOffset) {
  auto raw = std::make_unique<MemorySource>(Pcap() + Record(1, 0, "a"), SIZE_MAX,
                                            absl::UnknownError("read: Input/output error"));
  const Reading reading = ReadFrom(OpenCapture("x", std::move(raw), ""));
  EXPECT_EQ(reading.Texts(), "a");
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(reading.message(),
            "x: read: Input/output error; nothing could be read from offset 41 on");
}

}  // namespace
}  // namespace dfc
