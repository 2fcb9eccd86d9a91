// What the datagrams of one sender, or of one pair of hosts, hold together.
//
// An account is open as long as one of its datagrams waits, so that there are never more accounts
// than datagrams. Found by a keyed hash; no call allocates.
#pragma once

#include <cstdint>

#include "dfc/memory.h"
#include "dfc/packet.h"
#include "slot_lists.h"

namespace dfc {

class FragmentAccounts {
 public:
  struct Account {
    IpAddress source, destination;
    uint32_t datagrams;
    uint32_t blocks;
    uint32_t fragments;      // That came while it was open; wraps.
    AgeLists::List waiting;  // Its datagrams.
  };

  FragmentAccounts(size_t datagrams_max, uint64_t secret)
      : accounts_(datagrams_max), index_(datagrams_max), free_(datagrams_max), secret_(secret) {}

  // Enters a datagram into the account of these hosts, which is opened if need be.
  uint32_t Enter(const IpAddress& source, const IpAddress& destination);
  // Takes a datagram out of it.
  void Leave(uint32_t account);

  Account& operator[](uint32_t account) const { return accounts_[account]; }

  static size_t MemoryBytes(size_t datagrams_max);

 private:
  uint64_t HashOf(const IpAddress& source, const IpAddress& destination) const;

  MappedArray<Account> accounts_;
  HashChains index_;
  FreeSlots free_;
  uint64_t secret_;
};

}  // namespace dfc
