// SHA-256 and length of the restored content of both sides of a flow.
// Module: app
//
// Gaps are skipped and conflicts, the copies that lost, are no content. A side that sent nothing
// has the digest of nothing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "dfc/reader.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX.

namespace dfc {

// One side. Can be used again after Finish().
class Sha256 {
 public:
  Sha256();
  void Add(ByteSpan bytes);
  std::string Finish();  // 64 hex digits.

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

struct SideDigest {
  uint64_t bytes = 0;
  std::string sha256;
};

// Whether a turn's bytes are part of the restored content.
inline bool IsContent(const Turn& turn) {
  return turn.kind == TurnKind::kData || turn.kind == TurnKind::kDatagram;
}

class ContentDigest {
 public:
  // Both sides of flow `id`, by Side.
  absl::StatusOr<std::array<SideDigest, 2>> Of(Reader& reader, const FlowId& id);

 private:
  std::array<Sha256, 2> sides_;
};

}  // namespace dfc
