// Capture filters in libpcap's language, compiled by libpcap and run by its interpreter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dfc/packet.h"
#include "dfc/status.h"
#include "file_order.h"

namespace dfc {

// The programs of one filter, one for each kind of link met. Owned by one thread.
class Filter {
 public:
  class Program;

  explicit Filter(std::string text);  // "" lets every frame pass.
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) = delete;
  ~Filter();

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

  // The program for frames of `link_type` from a file in `order`; compiled on first meeting, and
  // valid as long as the filter. kInvalidArgument, with libpcap's reason, when it can't be.
  absl::StatusOr<const Program*> For(uint16_t link_type, FileOrder order);

 private:
  std::string text_;
  std::vector<std::unique_ptr<Program>> programs_;
};

// True when `program` wants `frame`. Never reads past the captured bytes.
bool Passes(const Filter::Program& program, const Frame& frame);

}  // namespace dfc
