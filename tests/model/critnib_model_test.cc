// A critnib whose removed nodes are used again, under a model checker: as it is, and with each memory order
// of the recycling weakened. The tree is the engine's own; a removed node waits for one more removal, not
// 4096.
#include <gtest/gtest.h>

#include <array>
#include <new>
#include <string>

#include "storage/engine/critnib/tree.h"
#include "tests/model/weakening.h"

// relacy replaces the other one only.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return ::operator new(size); }

namespace flashkv::critnib::model {
namespace {

struct Orders {
  static inline sync::MemoryOrder kRaise = RecyclingOrders::kRaise;
  static inline sync::MemoryOrder kBefore = RecyclingOrders::kBefore;
  static inline sync::MemoryOrder kAfter = RecyclingOrders::kAfter;
};

// Words of two nibbles.
const KeyHash kHash{1, 0xff00'0000'0000'0000};

// A record whose word begins with these nibbles; they live as long as the program.
Record* record_of(unsigned nibbles) {
  for (unsigned n = 0;; ++n) {
    const std::string key = std::to_string(n);
    if (kHash(key) >> 56 != nibbles) continue;
    Record* record = Record::make(key, "", Record::Expiry::kNone).release();
    record->retain();
    return record;
  }
}
enum Key : unsigned { kStays, kGoes, kOther, kOtherGoes, kComes };
const std::array<Record*, 5> kRecords{record_of(0x11), record_of(0x12), record_of(0x21), record_of(0x22),
                                      record_of(0x23)};

// I5: the node of a key that stays is removed, one more is, and the first is used again where another key
// comes, all while a reader looks for the key that stays.
template <typename Nodes>
struct Recycling : rl::test_suite<Recycling<Nodes>, 2> {
  Tree<Nodes> tree{EngineOptions{.hash = kHash}};
  reclaim::RetireList unused;
  sync::Atomic<unsigned> turn{0};

  Recycling() {
    for (const Key key : {kStays, kGoes, kOther, kOtherGoes}) put(key);
  }
  void thread(unsigned index) {
    if (index == 0) {
      const auto step = [this](unsigned done) { turn.store(done, sync::kRelaxed); };
      remove(kGoes), step(1);
      remove(kOtherGoes), step(2);
      put(kComes), step(3);
      return;
    }
    // A random schedule hardly ever lets one thread run far ahead. Relaxed: the reader learns nothing else.
    for (const unsigned late = rl::rand(4); turn.load(sync::kRelaxed) < late;) sync::pause();
    RL_ASSERT(tree.look(word(kStays)).single() == kRecords[kStays]);
    const std::array words{word(kStays)};
    std::array<Leaf, 1> leaves;
    tree.look_batch(words, leaves);
    RL_ASSERT(leaves[0].single() == kRecords[kStays]);
  }

 private:
  static std::uint64_t word(Key key) { return kHash(kRecords[key]->key()); }
  void put(Key key) {
    kRecords[key]->retain();
    store(key, Leaf(kRecords[key]));
  }
  void remove(Key key) {
    store(key, Leaf());
    kRecords[key]->release();
  }
  void store(Key key, Leaf leaf) {
    const auto place = tree.locate(word(key), kRecords[key]->key());
    BatchWords::Promise promise;
    promise.changes = 1;
    RL_ASSERT(tree.reserve(place, word(key), promise));
    tree.store(place, word(key), leaf);
    tree.end_batch(unused);
  }
};

using Recycled = RecycledNodes<1, Orders>;

TEST(CritnibModel, AKeyThatStaysIsFoundWhileItsNodeIsUsedAgain) {
  EXPECT_EQ(check<Recycling<Recycled>>(kSchedules), rl::test_result_success);
}
TEST(CritnibModel, TheSameWhereRemovedNodesAreKept) {
  EXPECT_EQ(check<Recycling<KeptNodes>>(kSchedules), rl::test_result_success);
}

// A reader that does not look at the number again.
struct Trusting : Recycled {
  struct Look {
    bool good() const noexcept { return true; }
  };
  Look look() const noexcept { return {}; }
};
TEST(WeakenedCritnib, AReaderThatIgnoresTheNumberIsCaught) {
  EXPECT_NE(check<Recycling<Trusting>>(kSchedulesToCatch), rl::test_result_success);
}

class WeakenedCritnib : public testing::TestWithParam<WeakenedOrder> {};
TEST_P(WeakenedCritnib, IsCaught) {
  const Weakened weakened(*GetParam().order, GetParam().weaker);
  EXPECT_NE(check<Recycling<Recycled>>(kSchedulesToCatch), rl::test_result_success);
}
INSTANTIATE_TEST_SUITE_P(Model, WeakenedCritnib,
                         testing::Values(WeakenedOrder{"RaiseRelaxed", &Orders::kRaise, sync::kRelaxed},
                                         WeakenedOrder{"BeforeRelaxed", &Orders::kBefore, sync::kRelaxed}),
                         name_of);

}  // namespace
}  // namespace flashkv::critnib::model
