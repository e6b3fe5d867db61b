// A radix tree with compressed tails that grows and shrinks under a reader, under a model checker. The tree
// is the engine's own.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <new>
#include <string>

#include "storage/engine/radix/tree.h"
#include "tests/model/weakening.h"

// The blocks of a node's size that this schedule has made. A node's memory goes back without its slots being
// destroyed, which relacy would report as leaked atomics; the program destroys them from this list.
std::array<void*, 32> node_blocks;
std::size_t nodes_made = 0;
constexpr unsigned kBits = 4;

// relacy replaces the throwing operator new only.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* block = ::operator new(size);
  if (size == flashkv::radix::Node::bytes_for(kBits)) node_blocks.at(nodes_made++) = block;
  return block;
}

namespace flashkv::radix::model {
namespace {

using namespace flashkv::model;

// Words of three nibbles.
const KeyHash kHash{1, 0xfff0'0000'0000'0000};

// A record whose word begins with these nibbles; they live as long as the program.
Record* record_of(unsigned nibbles) {
  for (unsigned n = 0;; ++n) {
    const std::string key = std::to_string(n);
    if (kHash(key) >> 52 != nibbles) continue;
    Record* record = Record::make(key, "", Record::Expiry::kNone).release();
    record->retain();
    return record;
  }
}
enum Key : unsigned { kStays, kComes, kAnother };
const std::array<Record*, 3> kRecords{record_of(0x111), record_of(0x112), record_of(0x121)};

// Purpose: what the writer does to the tree while a reader looks for a key that stays.
struct Program {
  Tree tree{EngineOptions{.hash = kHash}, kBits, Tails::kCompressed};
  reclaim::RetireList retired;
  sync::Atomic<unsigned> shown{0};
  sync::Atomic<unsigned> turn{0};  // two for each store: reserved, stored

  // Once the tree is empty, neither it nor the retire list reads a slot again.
  ~Program() {
    for (const Key key : {kStays, kComes, kAnother}) {
      if (tree.look(word(key)).single() == kRecords[key]) remove(key);
    }
    for (; nodes_made > 0; --nodes_made) {
      const auto* slots = &static_cast<Node*>(node_blocks[nodes_made - 1])->slot(0);
      std::destroy_n(const_cast<Node::Slot*>(slots), std::size_t{1} << kBits);
    }
  }
  static std::uint64_t word(Key key) { return kHash(kRecords[key]->key()); }
  void put(Key key) {
    kRecords[key]->retain();
    store(key, Leaf(kRecords[key]));
  }
  void remove(Key key) {
    store(key, Leaf());
    kRecords[key]->release();
  }
  // Random schedules alone hardly ever let the writer run far ahead of the reader, which has little to do.
  // Relaxed, so that the reader learns nothing else from it.
  void start_late() {
    for (const unsigned late = begun + rl::rand(5); turn.load(sync::kRelaxed) < late;) sync::pause();
  }
  unsigned begun = 0;  // what the constructor took
  // Found whatever the writer is doing, one by one and in batches.
  void expect_stays() {
    RL_ASSERT(tree.look(word(kStays)).single() == kRecords[kStays]);
    const std::array words{word(kComes), word(kStays)};
    std::array<Leaf, 2> leaves;
    tree.look_batch(words, leaves);
    RL_ASSERT(leaves[1].single() == kRecords[kStays]);
  }
  // Empty, another word's or this one's; this one's for sure once the writer has said so.
  void expect_comes() {
    const bool there = shown.load(sync::kAcquire) != 0;
    const Leaf seen = tree.look(word(kComes));
    const bool found = seen.single() == kRecords[kComes];
    RL_ASSERT(found || (!there && (seen.empty() || seen.single() == kRecords[kStays])));
  }

 protected:
  unsigned turns() const { return turns_; }

 private:
  void store(Key key, Leaf leaf) {
    const auto place = tree.locate(word(key), kRecords[key]->key());
    BatchWords::Promise promise;
    promise.changes = 1;
    RL_ASSERT(tree.reserve(place, word(key), promise));
    turn.store(++turns_, sync::kRelaxed);
    tree.store(place, word(key), leaf);
    tree.end_batch(retired);
    turn.store(++turns_, sync::kRelaxed);
  }

  unsigned turns_ = 0;
};

// I1, I2: two levels of nodes come between the root and the leaf that stays, in one store.
struct Growing : rl::test_suite<Growing, 2>, Program {
  Growing() {
    put(kStays);
    begun = turns();
  }
  void thread(unsigned index) {
    if (index == 0) {
      put(kComes);
      shown.store(1, sync::kRelease);
      put(kAnother);
      return;
    }
    start_late();
    expect_stays();
    expect_comes();
  }
};
TEST(RadixModel, ALeafIsSeenWhileNodesComeAboveIt) {
  EXPECT_EQ(check<Growing>(kSchedules), rl::test_result_success);
}

// I3: the nodes go again, and the leaf moves up.
struct Shrinking : rl::test_suite<Shrinking, 2>, Program {
  Shrinking() {
    for (const Key key : {kStays, kComes, kAnother}) put(key);
    begun = turns();
  }
  void thread(unsigned index) {
    if (index == 0) {
      remove(kComes);
      remove(kAnother);
      return;
    }
    start_late();
    expect_stays();
  }
};
TEST(RadixModel, ALeafIsSeenWhileTheNodesAboveItGo) {
  EXPECT_EQ(check<Shrinking>(kSchedules), rl::test_result_success);
}

}  // namespace
}  // namespace flashkv::radix::model
