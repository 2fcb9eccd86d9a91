// Memory that is sized once at start and given to whoever cuts it into slots.
// Module: base
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace dfc {

// Zeroed, page-aligned address space; the kernel adds real pages on first touch. One owner.
// Aborts when the address space can't be had: nothing runs without its pools.
class Mapping {
 public:
  Mapping() = default;
  explicit Mapping(size_t bytes);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  uint8_t* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
};

// A fixed array in a mapping: slots are all-zero until first written, and cost memory only then.
template <typename T>
class MappedArray {
  static_assert(std::is_trivially_copyable_v<T>, "slots are born as zero bytes");

 public:
  explicit MappedArray(size_t count) : memory_(count * sizeof(T)), count_(count) {}

  // The mapping is aligned for any T, and a trivially copyable T may begin its life as zeros.
  T* data() const { return static_cast<T*>(static_cast<void*>(memory_.data())); }
  T& operator[](size_t at) const { return data()[at]; }
  size_t size() const { return count_; }

 private:
  Mapping memory_;
  size_t count_;
};

}  // namespace dfc
