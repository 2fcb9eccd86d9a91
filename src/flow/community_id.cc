#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "dfc/community_ids.h"

namespace dfc {

namespace {

// Message types that answer each other stand in for ports (specification, "ICMP"); the others are
// one-way and keep type and code in the order of the message. Where dfc pairs messages by their
// identifier, the client is who asked, even if only the answer was captured.
struct IcmpPair {
  uint8_t protocol, one, other;
  bool client_asks;
};
constexpr IcmpPair kIcmpPairs[] = {
    {kIcmp, 8, 0, true},        {kIcmp, 13, 14, true},      {kIcmp, 15, 16, true},
    {kIcmp, 17, 18, true},      {kIcmp, 10, 9, false},      {kIcmpv6, 128, 129, true},
    {kIcmpv6, 133, 134, false}, {kIcmpv6, 135, 136, false}, {kIcmpv6, 130, 131, false},
    {kIcmpv6, 139, 140, false}, {kIcmpv6, 144, 145, false},
};

struct Endpoints {
  ByteSpan source, destination;
  uint16_t source_port, destination_port;
  bool one_way = false;
  bool has_ports = true;  // Or what stands for them.
};

Endpoints EndpointsOf(const FlowRow& row) {
  const size_t skip = row.client.IsIpv4() && row.server.IsIpv4() ? 12 : 0;
  Endpoints ends{ByteSpan(row.client.bytes).subspan(skip), ByteSpan(row.server.bytes).subspan(skip),
                 row.client_port, row.server_port};
  ends.has_ports = HasPorts(row.protocol) || IsIcmp(row.protocol);
  if (!IsIcmp(row.protocol)) return ends;
  ends.source_port = row.icmp_type;
  ends.destination_port = row.icmp_code;
  ends.one_way = true;
  for (const IcmpPair& pair : kIcmpPairs) {
    if (pair.protocol != row.protocol) continue;
    if (row.icmp_type != pair.one && row.icmp_type != pair.other) continue;
    const bool asks = pair.client_asks || row.icmp_type == pair.one;
    ends.source_port = asks ? pair.one : pair.other;
    ends.destination_port = asks ? pair.other : pair.one;
    ends.one_way = false;
  }
  return ends;
}

constexpr size_t kInputBytesMax = 2 + 16 + 16 + 2 + 4;

// seed, source, destination, protocol, padding, source port, destination port; big-endian.
size_t WriteInput(const FlowRow& row, uint8_t (&input)[kInputBytesMax]) {
  Endpoints ends = EndpointsOf(row);
  const int order =
      std::lexicographical_compare(ends.source.begin(), ends.source.end(), ends.destination.begin(),
                                   ends.destination.end())
          ? -1
          : !std::equal(ends.source.begin(), ends.source.end(), ends.destination.begin());
  const bool swap = order > 0 || (order == 0 && ends.source_port > ends.destination_port);
  if (swap && !ends.one_way) {
    std::swap(ends.source, ends.destination);
    std::swap(ends.source_port, ends.destination_port);
  }
  input[0] = input[1] = 0;
  uint8_t* at = input + 2;
  at = std::copy(ends.source.begin(), ends.source.end(), at);
  at = std::copy(ends.destination.begin(), ends.destination.end(), at);
  *at++ = row.protocol;
  *at++ = 0;
  for (const uint16_t port : {ends.source_port, ends.destination_port}) {
    if (!ends.has_ports) break;
    *at++ = static_cast<uint8_t>(port >> 8);
    *at++ = static_cast<uint8_t>(port & 0xFF);
  }
  return static_cast<size_t>(at - input);
}

}  // namespace

struct CommunityIds::Hash {
  struct FreeFunction {
    void operator()(EVP_MD* of) const { EVP_MD_free(of); }
  };
  struct FreeContext {
    void operator()(EVP_MD_CTX* of) const { EVP_MD_CTX_free(of); }
  };
  std::unique_ptr<EVP_MD, FreeFunction> function{EVP_MD_fetch(nullptr, "SHA1", nullptr)};
  std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
};

CommunityIds::CommunityIds() : hash_(std::make_unique<Hash>()) {}
CommunityIds::~CommunityIds() = default;

const std::string& CommunityIds::Of(const FlowRow& row) {
  uint8_t input[kInputBytesMax];
  const size_t bytes = WriteInput(row, input);
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned digest_bytes = 0;
  EVP_MD_CTX* const context = hash_->context.get();
  EVP_DigestInit_ex(context, hash_->function.get(), nullptr);
  EVP_DigestUpdate(context, input, bytes);
  EVP_DigestFinal_ex(context, digest, &digest_bytes);
  uint8_t text[32];
  const int length = EVP_EncodeBlock(text, digest, static_cast<int>(digest_bytes));
  text_.assign("1:").append(AsChars(text), static_cast<size_t>(length));
  return text_;
}

std::string CommunityId(const FlowRow& row) { return CommunityIds().Of(row); }

}  // namespace dfc
