#include "content_digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <iterator>

#include "dfc/check.h"

namespace dfc {

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  DFC_CHECK(context_ != nullptr);
  DFC_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::Add(ByteSpan bytes) {
  DFC_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::Finish() {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  DFC_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1);
  // Without a type the context starts over with the one it has, which saves looking it up.
  DFC_CHECK(EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1);

  std::string text;
  for (const uint8_t byte : ByteSpan(digest).first(length)) {
    fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  }
  return text;
}

absl::StatusOr<std::array<SideDigest, 2>> ContentDigest::Of(Reader& reader, const FlowId& id) {
  std::array<SideDigest, 2> result;
  const absl::Status read = reader.Turns(id, [&](const Turn& turn) {
    if (!IsContent(turn)) return;
    const auto side = static_cast<size_t>(turn.side);
    sides_[side].Add(turn.bytes);
    result[side].bytes += turn.bytes.size();
  });
  // Finished even when the reading failed, so that the next flow starts clean.
  for (size_t side = 0; side < result.size(); ++side) result[side].sha256 = sides_[side].Finish();
  if (!read.ok()) return read;
  return result;
}

}  // namespace dfc
