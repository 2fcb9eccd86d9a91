#define XXH_INLINE_ALL
#include "fragments.h"

#include <xxhash.h>

#include <algorithm>
#include <type_traits>

#include "dfc/check.h"
#include "dfc/time.h"

namespace dfc {

namespace {

constexpr int64_t kPatienceNs[2] = {30 * kNsPerSecond, 60 * kNsPerSecond};  // IPv4, IPv6.
constexpr size_t kSourceShare = 4;  // A source may hold one in four, of datagrams and of blocks.
// 12 KiB for each datagram that may wait: more than Linux grants all of them together (4 MiB).
constexpr size_t kBlocksADatagram = 6;
constexpr uint32_t kDistanceMax = 64;   // Linux: net.ipv4.ipfrag_max_dist.
constexpr size_t kIpBytesMax = 65'535;  // Of IPv4 with its header, of IPv6 without.
constexpr size_t kWholeBytes = 65'536;

// Who shares an account: an IPv6 host has all of its /64 to send from.
IpAddress SourceOf(const IpDatagram& datagram) {
  IpAddress source = datagram.source;
  if (datagram.is_ipv6) std::fill(source.bytes.begin() + 8, source.bytes.end(), uint8_t{0});
  return source;
}

// Linux refuses fragments of which only some come from an ECN-capable sender: 1 stands for Not-ECT.
bool EcnFits(uint8_t seen) { return (seen & 1) == 0 || seen == 1; }

}  // namespace

size_t FragmentTable::BlocksMax(size_t datagrams_max) {
  // Each quarter has room for the largest datagram, with its copies that lost.
  return std::max(datagrams_max * kBlocksADatagram,
                  kSourceShare * (FragmentBlocks::kBlocksMax + LostCopies::kBlocksMax));
}

size_t FragmentTable::MemoryBytes(size_t datagrams_max) {
  return datagrams_max * sizeof(Datagram) + FreeSlots::MemoryBytes(datagrams_max) +
         HashChains::MemoryBytes(datagrams_max) +
         2 * AgeLists::MemoryBytes(datagrams_max) +              // All, and of a source.
         2 * FragmentAccounts::MemoryBytes(datagrams_max + 1) +  // Sources, and pairs of hosts.
         FragmentBlocks::MemoryBytes(BlocksMax(datagrams_max)) + kWholeBytes;
}

FragmentTable::FragmentTable(const DecodeOptions& options)
    : policies_(options.host_policies),
      secret_(options.fragment_secret),
      source_datagrams_max_(options.fragment_datagrams_max / kSourceShare),
      blocks_max_(BlocksMax(options.fragment_datagrams_max)),
      source_blocks_max_(blocks_max_ / kSourceShare),
      slots_(options.fragment_datagrams_max),
      free_(slots_.size()),
      index_(slots_.size()),
      ages_(slots_.size()),
      ages_of_source_(slots_.size()),
      sources_(slots_.size() + 1, secret_),  // A newcomer has one before another makes room.
      paths_(slots_.size() + 1, secret_),
      blocks_(blocks_max_),
      whole_(kWholeBytes) {
  DFC_CHECK(source_datagrams_max_ > 0);
}

Verdict FragmentTable::Add(int64_t time_ns, IpDatagram& datagram) {
  if (datagram.payload_missing > 0) return Verdict::kTruncated;
  clock_ns_ = std::max(clock_ns_, time_ns);
  Expire();

  const HostPolicy policy = policies_.Of(datagram.destination);
  Piece piece{datagram.fragment_at,
              datagram.fragment_at + static_cast<uint32_t>(datagram.payload.size())};
  // Only the last fragment may end off an 8-byte edge: IPv4 is cut, IPv6 refused.
  const bool odd = datagram.more_fragments && piece.end % 8 != 0;
  if (datagram.is_ipv6) {
    const bool tiny = policy == HostPolicy::kLinux && LacksTransportHeader(datagram);
    if (tiny) return Verdict::kFragmentTiny;
    if (piece.end > kIpBytesMax) return Verdict::kFragmentBeyond;
    if (odd) return Verdict::kBadIpLength;
  } else if (odd) {
    piece.end &= ~uint32_t{7};
  }

  const uint32_t slot = FindOrStart(datagram);
  if (policy == HostPolicy::kLinux && !datagram.is_ipv6) CheckDistance(slot);
  slots_[slot].lost.Count(datagram.conflict_bytes);
  const Verdict verdict = Enter(slot, datagram, piece, policy);
  switch (verdict) {
    case Verdict::kOk:
      return Finish(slot, policy, datagram);
    case Verdict::kFragmentHeld:
    case Verdict::kFragmentDuplicate:
      return verdict;
    default:
      ++counters_.dropped;
      Remove(slot);
      return verdict;
  }
}

FragmentTable::Key FragmentTable::KeyOf(const IpDatagram& datagram) {
  return {datagram.source,      datagram.destination,
          datagram.fragment_id, datagram.is_ipv6 ? uint8_t{0} : datagram.protocol,
          datagram.is_ipv6,     {}};
}

uint64_t FragmentTable::HashOf(const Key& key) const {
  static_assert(std::has_unique_object_representations_v<Key>, "hashed as bytes");
  return XXH3_64bits_withSeed(&key, sizeof key, secret_);
}

// Those that wait are in the order of their beginnings: only the ends of the lists are looked at.
void FragmentTable::Expire() {
  for (const size_t family : {0, 1}) {
    AgeLists::List& waiting = waiting_[family];
    while (waiting.oldest != kNoSlot &&
           clock_ns_ - slots_[waiting.oldest].started_ns > kPatienceNs[family]) {
      ++counters_.timed_out;
      Remove(waiting.oldest);
    }
  }
}

// The slot of the datagram's other fragments, else a fresh one.
uint32_t FragmentTable::FindOrStart(const IpDatagram& datagram) {
  const Key key = KeyOf(datagram);
  const uint64_t hash = HashOf(key);
  for (uint32_t at = index_.First(hash); at != kNoSlot; at = index_.Next(at)) {
    if (slots_[at].key == key) return at;
  }
  return Start(datagram, key, hash);
}

// The older of the two heads of the age lists, passing over `kept`.
uint32_t FragmentTable::Oldest(uint32_t kept) const {
  const auto head = [&](const AgeLists::List& waiting) {
    return waiting.oldest == kept && kept != kNoSlot ? ages_.After(kept) : waiting.oldest;
  };
  const uint32_t ipv4 = head(waiting_[0]);
  const uint32_t ipv6 = head(waiting_[1]);
  if (ipv4 == kNoSlot || ipv6 == kNoSlot) return ipv4 == kNoSlot ? ipv6 : ipv4;
  return slots_[ipv4].started_ns <= slots_[ipv6].started_ns ? ipv4 : ipv6;
}

uint32_t FragmentTable::Start(const IpDatagram& datagram, const Key& key, uint64_t hash) {
  // Accounts first: that of the source stays open when its oldest datagram makes room.
  const uint32_t source = sources_.Enter(SourceOf(datagram), {});
  const uint32_t path = paths_.Enter(datagram.source, datagram.destination);
  if (sources_[source].datagrams > source_datagrams_max_) {
    ++counters_.over_share;
    Remove(sources_[source].waiting.oldest);
  } else if (free_.count() == 0) {
    ++counters_.pushed_out;
    Remove(Oldest(kNoSlot));
  }
  const uint32_t slot = free_.Take();
  Datagram& fresh = slots_[slot];
  fresh.key = key;
  fresh.source = source;
  fresh.path = path;
  fresh.seen_at = paths_[path].fragments;
  index_.Add(hash, slot);
  ++counters_.started;
  Begin(slot);
  return slot;
}

// Puts a datagram without pieces behind all that wait.
void FragmentTable::Begin(uint32_t slot) {
  Datagram& fresh = slots_[slot];
  fresh.started_ns = clock_ns_;
  fresh.end_bytes = 0;
  fresh.has_first = fresh.has_last = false;
  fresh.ecn_seen = 0;
  fresh.pieces.Clear();
  fresh.lost.Clear();
  ages_.Append(waiting_[fresh.key.is_ipv6], slot);
  ages_of_source_.Append(sources_[fresh.source].waiting, slot);
}

// Gives up what the datagram holds, and its place in the lists.
void FragmentTable::End(uint32_t slot) {
  Datagram& ended = slots_[slot];
  ages_.Remove(waiting_[ended.key.is_ipv6], slot);
  ages_of_source_.Remove(sources_[ended.source].waiting, slot);
  sources_[ended.source].blocks -=
      static_cast<uint32_t>(blocks_.Release(ended.places) + ended.lost.Release(blocks_));
}

void FragmentTable::Remove(uint32_t slot) {
  End(slot);
  index_.Remove(HashOf(slots_[slot].key), slot);
  sources_.Leave(slots_[slot].source);
  paths_.Leave(slots_[slot].path);
  free_.Return(slot);
}

// A datagram whose fragments come that far apart is taken for two with the same identification:
// 16 bits of it go round quickly. The new fragment starts it anew.
void FragmentTable::CheckDistance(uint32_t slot) {
  Datagram& waiting = slots_[slot];
  const uint32_t now = ++paths_[waiting.path].fragments;
  const bool far = !waiting.pieces.empty() && now - waiting.seen_at > kDistanceMax;
  waiting.seen_at = now;
  if (!far) return;
  ++counters_.restarted;
  End(slot);
  Begin(slot);
}

// kOk: the datagram is complete. Any verdict but that, held and duplicate ends the datagram.
Verdict FragmentTable::Enter(uint32_t slot, const IpDatagram& datagram, Piece piece,
                             HostPolicy policy) {
  Datagram& waiting = slots_[slot];
  if (!datagram.more_fragments) {
    const bool moves = waiting.has_last && piece.end != waiting.end_bytes;
    if (moves || piece.end < waiting.end_bytes) return Verdict::kFragmentBeyond;
    waiting.has_last = true;
    waiting.end_bytes = piece.end;
  } else if (piece.end > waiting.end_bytes) {
    if (waiting.has_last) return Verdict::kFragmentBeyond;
    waiting.end_bytes = piece.end;
  }
  if (piece.begin == piece.end) return Verdict::kBadIpLength;

  const Verdict verdict = PlaceBytes(slot, datagram, piece, policy);
  if (verdict != Verdict::kFragmentHeld) return verdict;
  // A repeated fragment does not come here: Linux looks only after bytes were added.
  const bool complete =
      waiting.has_first && waiting.has_last && waiting.pieces.bytes() == waiting.end_bytes;
  return complete ? Verdict::kOk : Verdict::kFragmentHeld;
}

// The other copy of `part` counts. What is kept lies in the share of whoever sent it.
void FragmentTable::KeepLost(uint32_t slot, Piece part, const uint8_t* bytes) {
  FragmentAccounts::Account& source = sources_[slots_[slot].source];
  const size_t blocks_max = source_blocks_max_ - source.blocks;
  source.blocks += static_cast<uint32_t>(slots_[slot].lost.Add(part, bytes, blocks_max, blocks_));
}

// Of each of the parts one copy loses: where the fragment's own counts, the older one, which is
// still there. Both lists are sorted.
void FragmentTable::KeepLosers(uint32_t slot, std::span<const Piece> differing,
                               const FragmentPieces::Won& won, const uint8_t* bytes, Piece piece) {
  size_t n = 0;
  for (const Piece part : differing) {
    while (n < won.count && won.pieces[n].end <= part.begin) ++n;
    const bool replaces = n < won.count && won.pieces[n].begin <= part.begin;
    if (!replaces) {
      KeepLost(slot, part, bytes + (part.begin - piece.begin));
      continue;
    }
    constexpr uint32_t kOlderMax = FragmentConflict::kBytesMax;
    std::array<uint8_t, kOlderMax> older;
    const uint32_t end = part.begin + std::min(part.end - part.begin, kOlderMax);
    blocks_.Read(slots_[slot].places, {part.begin, end}, older.data());
    KeepLost(slot, part, older.data());
  }
}

Verdict FragmentTable::PlaceBytes(uint32_t slot, const IpDatagram& datagram, Piece piece,
                                  HostPolicy policy) {
  Datagram& waiting = slots_[slot];
  const uint8_t* const bytes = datagram.payload.data();
  std::array<Piece, FragmentPieces::kPiecesMax> differing;  // Each within one older piece.
  size_t differing_count = 0;
  waiting.pieces.ForEachShared(piece, [&](Piece shared) {
    const Piece part =
        blocks_.Difference(waiting.places, shared, bytes + (shared.begin - piece.begin));
    if (part.begin < part.end) differing[differing_count++] = part;
  });
  counters_.conflicts += differing_count > 0;

  FragmentPieces::Won won;
  const FragmentPieces::Fate fate = waiting.pieces.Add(policy, piece, won);
  if (fate == FragmentPieces::Fate::kOverlap) return Verdict::kFragmentOverlap;
  if (fate == FragmentPieces::Fate::kFull) return Verdict::kFragmentLimit;
  KeepLosers(slot, std::span(differing).first(differing_count), won, bytes, piece);
  if (fate == FragmentPieces::Fate::kDuplicate) return Verdict::kFragmentDuplicate;
  MakeRoom(slot, FragmentBlocks::Lacking(waiting.places, piece));
  for (size_t n = 0; n < won.count; ++n) {
    const Piece part = won.pieces[n];
    blocks_.Write(waiting.places, part, bytes + (part.begin - piece.begin));
  }
  waiting.ecn_seen |= static_cast<uint8_t>(1u << datagram.ecn);
  if (won.pieces[0].begin == 0) {
    // It names the transport, too: an IPv6 one may differ from the others (RFC 8200 4.5).
    waiting.has_first = true;
    waiting.header_bytes = datagram.header_bytes;
    waiting.protocol = datagram.protocol;
    waiting.ttl = datagram.ttl;
    waiting.source_routed = datagram.source_routed;
  }
  return Verdict::kFragmentHeld;
}

// Sees to it that `slot` can have so many blocks more. Each share, and the whole, has room for the
// largest datagram, so that it never has to give way itself.
void FragmentTable::MakeRoom(uint32_t slot, size_t blocks) {
  FragmentAccounts::Account& source = sources_[slots_[slot].source];
  while (source.blocks + blocks > source_blocks_max_) {
    const uint32_t oldest = source.waiting.oldest;
    ++counters_.over_share;
    Remove(oldest == slot ? ages_of_source_.After(slot) : oldest);
  }
  while (blocks_.free() < blocks) {
    ++counters_.pushed_out;
    Remove(Oldest(slot));
  }
  source.blocks += static_cast<uint32_t>(blocks);
}

Verdict FragmentTable::Finish(uint32_t slot, HostPolicy policy, IpDatagram& datagram) {
  const Datagram& whole = slots_[slot];
  const size_t bytes_max = kIpBytesMax + (datagram.is_ipv6 ? kIpv6HeaderBytes : 0);
  Verdict verdict = Verdict::kOk;
  if (size_t{whole.header_bytes} + whole.end_bytes > bytes_max) verdict = Verdict::kFragmentBeyond;
  if (policy == HostPolicy::kLinux && !EcnFits(whole.ecn_seen)) verdict = Verdict::kFragmentEcn;
  if (verdict == Verdict::kOk) {
    blocks_.Read(whole.places, {0, whole.end_bytes}, whole_.data());
    whole.lost.Read(blocks_, lost_);
    datagram.conflict_bytes = whole.lost.bytes();
    datagram.payload = ByteSpan(whole_.data(), whole.end_bytes);
    datagram.total_bytes = whole.header_bytes + whole.end_bytes;
    datagram.protocol = whole.protocol;
    datagram.ttl = whole.ttl;
    datagram.source_routed = whole.source_routed;
    datagram.is_fragment = datagram.more_fragments = false;
    datagram.fragment_at = 0;
  }
  ++(verdict == Verdict::kOk ? counters_.whole : counters_.dropped);
  Remove(slot);
  return verdict;
}

}  // namespace dfc
