#define XXH_INLINE_ALL
#include "fragment_accounts.h"

#include <xxhash.h>

#include <array>

namespace dfc {

uint64_t FragmentAccounts::HashOf(const IpAddress& source, const IpAddress& destination) const {
  const std::array<IpAddress, 2> hosts = {source, destination};
  return XXH3_64bits_withSeed(hosts.data(), sizeof hosts, secret_);
}

uint32_t FragmentAccounts::Enter(const IpAddress& source, const IpAddress& destination) {
  const uint64_t hash = HashOf(source, destination);
  for (uint32_t at = index_.First(hash); at != kNoSlot; at = index_.Next(at)) {
    Account& account = accounts_[at];
    if (account.source != source || account.destination != destination) continue;
    ++account.datagrams;
    return at;
  }
  const uint32_t fresh = free_.Take();
  accounts_[fresh] = Account{source, destination, 1, 0, 0, {}};
  index_.Add(hash, fresh);
  return fresh;
}

void FragmentAccounts::Leave(uint32_t account) {
  Account& left = accounts_[account];
  if (--left.datagrams > 0) return;
  index_.Remove(HashOf(left.source, left.destination), account);
  free_.Return(account);
}

size_t FragmentAccounts::MemoryBytes(size_t datagrams_max) {
  return datagrams_max * sizeof(Account) + HashChains::MemoryBytes(datagrams_max) +
         FreeSlots::MemoryBytes(datagrams_max);
}

}  // namespace dfc
