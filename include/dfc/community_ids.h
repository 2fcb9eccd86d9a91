// Community IDs of many flows. CommunityId() of event.h looks the hash function up each time.
// Module: flow
#pragma once

#include <memory>
#include <string>

#include "dfc/event.h"

namespace dfc {

// Used by one thread.
class CommunityIds {
 public:
  CommunityIds();
  ~CommunityIds();
  // Valid until the next call.
  const std::string& Of(const FlowRow& row);

 private:
  struct Hash;
  std::unique_ptr<Hash> hash_;
  std::string text_;
};

}  // namespace dfc
