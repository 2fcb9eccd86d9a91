// The queues between the threads. Every one holds pointers to blocks from a fixed number of blocks
// and is as long as that number, so that a push never fails and never allocates.
//
//   capture --filled--> worker      worker --events--> sink
//           <--empty---                    <--empty---
#pragma once

#include <concurrentqueue/concurrentqueue.h>
#include <readerwriterqueue/readerwriterqueue.h>

#include <atomic>
#include <memory>
#include <vector>

#include "dfc/check.h"
#include "dfc/event.h"
#include "doorbell.h"
#include "packet_block.h"
#include "thread_sanitizer.h"

namespace dfc {

template <typename Block>
class SpscRing {
 public:
  explicit SpscRing(size_t blocks) : queue_(blocks) {}

  void Push(Block* block) {
    HandOver(block);
    DFC_CHECK(queue_.try_enqueue(block));
  }
  Block* Pop() {
    Block* block = nullptr;
    if (!queue_.try_dequeue(block)) return nullptr;
    TakeOver(block);
    return block;
  }
  // About how many there are; from any thread.
  size_t size() const { return queue_.size_approx(); }

 private:
  moodycamel::ReaderWriterQueue<Block*> queue_;
};

// Between the capture thread and one worker.
struct PacketLink {
  explicit PacketLink(size_t blocks) : filled(blocks), empty(blocks), storage(blocks) {
    for (PacketBlock& block : storage) empty.Push(&block);
  }
  SpscRing<PacketBlock> filled;
  SpscRing<PacketBlock> empty;
  std::vector<PacketBlock> storage;
};

// What a producer of events sends: a full block, or null for "nothing more will come".
class EventQueue {
 public:
  EventQueue(size_t blocks, size_t producers)
      : queue_(blocks + producers, producers, 0), consumer_(queue_) {}

  using Producer = moodycamel::ProducerToken;
  Producer MakeProducer() { return Producer(queue_); }

  void Push(const Producer& producer, EventBlock* block) {
    if (block != nullptr) HandOver(block);
    DFC_CHECK(queue_.try_enqueue(producer, block));
  }
  // Sink thread only. In order for each producer. False when there is nothing.
  bool Pop(EventBlock*& block) {
    if (!queue_.try_dequeue(consumer_, block)) return false;
    if (block != nullptr) TakeOver(block);
    return true;
  }

 private:
  moodycamel::ConcurrentQueue<EventBlock*> queue_;
  moodycamel::ConsumerToken consumer_;
};

// One producer's event blocks on their way there and back.
struct EventLink {
  EventLink(size_t blocks, uint32_t owner, EventQueue& events)
      : empty(blocks), storage(blocks), producer(events.MakeProducer()) {
    for (EventBlock& block : storage) {
      block.owner = owner;
      empty.Push(&block);
    }
  }
  SpscRing<EventBlock> empty;
  std::vector<EventBlock> storage;
  EventQueue::Producer producer;
  std::atomic<uint64_t> turns{0};  // Of the producer: it works, or looks for work or a block.
  Doorbell bell;  // Rung when an empty block comes back; for a worker also when packets come.
};

}  // namespace dfc
