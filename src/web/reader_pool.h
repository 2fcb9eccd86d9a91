// Connections to the store, lent to one request at a time.
#pragma once

#include <memory>
#include <utility>

#include "concurrentqueue/concurrentqueue.h"
#include "dfc/reader.h"
#include "dfc/status.h"

namespace dfc {

// Any thread may take one. There are at most as many as threads that hold one at the same time,
// and the server has a fixed number of them.
class ReaderPool {
 public:
  ReaderPool(StoreUrl url, ReaderOptions options) : url_(std::move(url)), options_(options) {}

  // Gives its reader back when it goes; one that failed it does not.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Reader> reader)
        : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (reader_ != nullptr) pool_->idle_.enqueue(std::move(reader_));
    }

    Reader& operator*() const { return *reader_; }
    Reader* operator->() const { return reader_.get(); }

    // Notes what came of a request. After an error of the store its connection is not used again.
    void Note(const absl::Status& status) {
      const bool store_failed = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
                                absl::IsInternal(status);
      if (store_failed) reader_.reset();
    }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Reader> reader_;
  };

  absl::StatusOr<Lease> Take();

 private:
  StoreUrl url_;
  ReaderOptions options_;
  moodycamel::ConcurrentQueue<std::unique_ptr<Reader>> idle_;
};

}  // namespace dfc
