// Puts IP fragments together, as the host that receives them would (dfc/host_policy.h).
//
//   fragment -> (source, destination, id, protocol) -> datagram: pieces, blocks of bytes
//                        source -> account: at most a share of the table
//
// By the rules of Linux, the default: a fragment that repeats bytes is ignored, one that crosses
// what is there ends the datagram (RFC 5722), and so does one past the end, one that moves the end,
// one without bytes; so do fragments of which only some are ECN-capable (RFC 3168 5.3), and, in
// IPv4, more than 64 others between the same hosts between two of a datagram. A clean resend with
// the same identification then starts anew. An IPv6 fragment whose length is wrong, or the first
// one without its whole transport header (RFC 8200 4.5), is refused and its datagram waits on.
// By the other policies overlaps are settled byte by byte (fragment_pieces.h). By all of them the
// copies that lose are kept, up to a bound, for whoever gets the datagram (lost_copies.h).
//
// Bounds, each with its counter: datagrams at a time and blocks of bytes, of both a quarter for one
// source (IPv4 address, IPv6 /64), whose own oldest makes room; then the oldest of all does. 30 s
// of capture time, 60 s in IPv6. 256 pieces a datagram, else it is dropped. One owner; no call
// allocates. Sources: RFC 791 3.2, RFC 8200 4.5; net/ipv4/ip_fragment.c and
// net/ipv6/reassembly.c of Linux 6.18, to which tests/e2e/kernel_fragments_test.py compares.
#pragma once

#include <cstdint>
#include <span>

#include "dfc/decode.h"
#include "dfc/memory.h"
#include "fragment_accounts.h"
#include "fragment_blocks.h"
#include "fragment_pieces.h"
#include "ip.h"
#include "lost_copies.h"
#include "slot_lists.h"

namespace dfc {

class FragmentTable {
 public:
  // Of the options: fragment_datagrams_max (at least 4), fragment_secret, host_policies.
  explicit FragmentTable(const DecodeOptions& options);

  // Takes the fragment. On kOk the datagram is complete: `datagram` is rewritten to be the whole,
  // its payload lies in this table until the next call. kFragmentHeld: more is to come.
  Verdict Add(int64_t time_ns, IpDatagram& datagram);

  // Of the datagram that was completed last: its payload, and the copies of its bytes that lost.
  const uint8_t* whole() const { return whole_.data(); }
  const FragmentConflict& lost() const { return lost_; }

  const FragmentCounters& counters() const { return counters_; }
  size_t datagrams_now() const { return slots_.size() - free_.count(); }
  size_t blocks_now() const { return blocks_max_ - blocks_.free(); }
  size_t LongestChain() const { return index_.LongestChain(); }

  // All memory that a table takes, touched or not.
  static size_t MemoryBytes(size_t datagrams_max);
  static size_t BlocksMax(size_t datagrams_max);

 private:
  struct Key {
    IpAddress source, destination;
    uint32_t id;
    uint8_t protocol;  // 0 in IPv6, where fragments of one datagram may differ in it.
    bool is_ipv6;
    uint8_t unused[2];
    bool operator==(const Key&) const = default;
  };
  struct Datagram {
    Key key;
    int64_t started_ns;
    uint32_t source, path;  // Accounts.
    uint32_t seen_at;       // `fragments` of its path when it last got one.
    uint32_t end_bytes;     // Of the payload, as far as is known; exact with `has_last`.
    uint32_t header_bytes;  // In front of the payload, this and the next three of the first one.
    uint8_t protocol;
    uint8_t ttl;
    bool source_routed;
    bool has_first, has_last;
    uint8_t ecn_seen;  // A bit for each of the four values.
    FragmentBlocks::Places places;
    FragmentPieces pieces;
    LostCopies lost;
  };

  static Key KeyOf(const IpDatagram& datagram);
  uint64_t HashOf(const Key& key) const;
  void Expire();
  uint32_t FindOrStart(const IpDatagram& datagram);
  uint32_t Start(const IpDatagram& datagram, const Key& key, uint64_t hash);
  void Begin(uint32_t slot);
  void End(uint32_t slot);
  uint32_t Oldest(uint32_t kept) const;
  void CheckDistance(uint32_t slot);
  Verdict Enter(uint32_t slot, const IpDatagram& datagram, Piece piece, HostPolicy policy);
  void KeepLost(uint32_t slot, Piece part, const uint8_t* bytes);
  void KeepLosers(uint32_t slot, std::span<const Piece> differing, const FragmentPieces::Won& won,
                  const uint8_t* bytes, Piece piece);
  Verdict PlaceBytes(uint32_t slot, const IpDatagram& datagram, Piece piece, HostPolicy policy);
  void MakeRoom(uint32_t slot, size_t blocks);
  Verdict Finish(uint32_t slot, HostPolicy policy, IpDatagram& datagram);
  void Remove(uint32_t slot);

  const HostPolicies policies_;
  const uint64_t secret_;
  const size_t source_datagrams_max_;
  const size_t blocks_max_;
  const size_t source_blocks_max_;

  MappedArray<Datagram> slots_;
  FreeSlots free_;
  HashChains index_;
  AgeLists ages_;
  AgeLists::List waiting_[2];  // IPv4, IPv6: they have different patience.
  AgeLists ages_of_source_;
  FragmentAccounts sources_;
  FragmentAccounts paths_;
  FragmentBlocks blocks_;
  Mapping whole_;
  FragmentConflict lost_;
  int64_t clock_ns_ = INT64_MIN;
  FragmentCounters counters_;
};

}  // namespace dfc
