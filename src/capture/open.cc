// From a path to a source of frames: what the file is, told from its first bytes.
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "capture_file.h"
#include "pcap_file.h"
#include "pcapng_file.h"

namespace dfc {
namespace {

// The seed mixes the filter in: other frames, so another input.
uint64_t Fingerprint(BufferedReader& reader, const std::string& filter) {
  constexpr size_t kFingerprintBytesMax = 65'536;
  reader.Need(kFingerprintBytesMax);
  const size_t bytes = std::min(reader.size(), kFingerprintBytesMax);
  return XXH3_64bits_withSeed(reader.data(), bytes, XXH3_64bits(filter.data(), filter.size()));
}

// Why a file too short for any magic number is none: it is empty, cut, or could not be read.
absl::Status TooShort(const std::string& name, const BufferedReader& reader) {
  if (absl::IsDataLoss(reader.status())) {
    return absl::DataLossError(fmt::format("{}: {}; nothing could be read from offset 0 on", name,
                                           MessageOf(reader.status())));
  }
  if (!reader.status().ok()) return Annotate(reader.status(), name);
  if (reader.size() == 0) return absl::InvalidArgumentError(fmt::format("{}: empty file", name));
  return absl::DataLossError(
      fmt::format("{}: cut short inside the file header at offset {}", name, reader.size()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PacketSource>> OpenCapture(const std::string& name,
                                                          std::unique_ptr<ByteSource> raw,
                                                          const std::string& filter) {
  absl::StatusOr<std::unique_ptr<ByteSource>> plain = Decompress(std::move(raw));
  if (!plain.ok()) return Annotate(plain.status(), name);
  BufferedReader reader(*std::move(plain));
  const uint64_t fingerprint = Fingerprint(reader, filter);
  constexpr size_t kMagicBytes = sizeof(uint32_t);
  if (!reader.Need(kMagicBytes)) return TooShort(name, reader);
  const auto magic = LoadNative<uint32_t>(reader.data());
  CaptureInput input{name, std::move(reader), Filter(filter), fingerprint};
  if (PcapFile::IsMagic(magic)) return PcapFile::Open(std::move(input));
  if (magic == PcapngFile::kMagic) return PcapngFile::Open(std::move(input));
  return absl::InvalidArgumentError(
      fmt::format("{}: not a capture file (no pcap or pcapng magic); dfc reads pcap and pcapng, "
                  "plain or gzip, zstd, lz4",
                  name));
}

absl::StatusOr<std::unique_ptr<PacketSource>> OpenCaptureFile(const std::string& path,
                                                              const std::string& filter) {
  const std::string name = path == "-" ? "standard input" : path;
  DFC_ASSIGN_OR_RETURN(Fd fd, OpenForReading(path));
  absl::StatusOr<std::unique_ptr<ByteSource>> raw = NewFdSource(std::move(fd));
  if (!raw.ok()) return Annotate(raw.status(), name);
  return OpenCapture(name, *std::move(raw), filter);
}

}  // namespace dfc
