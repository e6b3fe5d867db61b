// Every order that nodes can have in a chain, every step of a resize, and at each step everything that a
// writer may do there.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/storage/engine/relativistic/watched_engine.h"
#include "tests/support/deadline.h"

namespace flashkv::test {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
constexpr unsigned kLongest = 3;
#else
constexpr unsigned kLongest = 5;
#endif

// Which part of the chain each node belongs to, the newest node last. Bit 3 of a hash tells the two halves
// of an old bucket apart where 8 buckets become 16, bits 3 and 4 the four where they become 32.
struct Shape {
  unsigned parts;
  std::vector<unsigned> nodes;
};

std::string key_of(std::size_t node) { return named("k", node); }
std::uint64_t hash_of(std::size_t node, unsigned part, std::uint64_t stride) {
  return part * stride | (node + 1) << 16;
}

std::vector<Shape> shapes(unsigned parts, unsigned longest) {
  std::vector<Shape> all;
  for (unsigned length = 1; length <= longest; ++length) {
    std::uint64_t count = 1;
    for (unsigned i = 0; i < length; ++i) count *= parts;
    for (std::uint64_t code = 0; code < count; ++code) {
      Shape shape{parts, {}};
      std::uint64_t rest = code;
      for (unsigned i = 0; i < length; ++i, rest /= parts) {
        shape.nodes.push_back(static_cast<unsigned>(rest % parts));
      }
      all.push_back(std::move(shape));
    }
  }
  return all;
}

using AfterNode = std::function<void(std::size_t)>;

// 8 buckets and a few keys more than that: the chain of bucket 0 in the shape that is asked for. Or 64
// buckets and fewer keys than an eighth: 0 and 32 are about to become one. `then` may put more after each
// node.
void prepare_chain(WatchedEngine& e, const Shape& shape, bool growing, const AfterNode& then) {
  const std::size_t others = growing ? 8 * shape.parts / 2 + 1 - shape.nodes.size() : 33;
  for (std::size_t i = 0; i < others; ++i) e.put(named("other", i), growing ? 1 + i % 7 : i);
  if (!growing) {
    e.finish();
    EXPECT_EQ(e.size(), 64U);
  }
  for (std::size_t i = 0; i < shape.nodes.size(); ++i) {
    e.put(key_of(i), hash_of(i, shape.nodes[i], growing ? 8 : 32));
    then(i);
  }
  if (!growing) {
    for (std::size_t i = 0; i < others; ++i) e.erase(named("other", i));
  }
  e.forget_gone();
  e.ask_for_resize();
  EXPECT_EQ(e.engine().buckets().other()->size(), growing ? 8 * shape.parts : 32U);
}
std::unique_ptr<WatchedEngine> before_growth(const Shape& shape) {
  auto e = std::make_unique<WatchedEngine>(3);
  prepare_chain(*e, shape, true, [](std::size_t) {});
  return e;
}
std::unique_ptr<WatchedEngine> before_halving(const Shape& shape) {
  auto e = std::make_unique<WatchedEngine>(5);
  prepare_chain(*e, shape, false, [](std::size_t) {});
  return e;
}

using Prepared = std::function<std::unique_ptr<WatchedEngine>(const Shape&)>;
using Action = std::function<void(WatchedEngine&)>;

// Each node erased, overwritten, erased and put back; a new one in every part; then all of that at once.
std::vector<Action> actions(const Shape& shape, std::uint64_t stride) {
  std::vector<Action> all;
  for (std::size_t i = 0; i < shape.nodes.size(); ++i) {
    const std::uint64_t hash = hash_of(i, shape.nodes[i], stride);
    all.push_back([=](WatchedEngine& e) { e.erase(key_of(i)); });
    all.push_back([=](WatchedEngine& e) { e.put(key_of(i), hash); });
    all.push_back([=](WatchedEngine& e) {
      e.erase(key_of(i));
      e.put(key_of(i), hash);
    });
  }
  for (unsigned part = 0; part < shape.parts; ++part) {
    all.push_back([=](WatchedEngine& e) {
      e.put("new", hash_of(shape.nodes.size(), part, stride));
      e.put("newer", hash_of(shape.nodes.size() + 1, part, stride));
    });
  }
  // Two with one hash: the one behind is found past the other, erased or not.
  all.push_back([=](WatchedEngine& e) {
    for (unsigned part = 0; part < shape.parts; ++part) {
      e.put(named("behind", part), hash_of(shape.nodes.size(), part, stride));
      e.put(named("before", part), hash_of(shape.nodes.size(), part, stride));
      e.erase(named("before", part));
    }
  });
  all.push_back([=](WatchedEngine& e) {
    for (std::size_t i = 0; i < shape.nodes.size(); ++i) e.erase(key_of(i));
  });
  all.push_back([=](WatchedEngine& e) {
    for (unsigned part = 0; part < shape.parts; ++part) {
      e.put(named("more", part), hash_of(shape.nodes.size() + part, part, stride));
    }
    e.erase(key_of(0));
  });
  return all;
}

std::string shown(const Shape& shape) {
  std::string text = "chain, oldest first:";
  for (const unsigned part : shape.nodes) text = named(text + ' ', part);
  return text;
}

// From the first step to rest, looking after each; `act` happens at pause `when`. Answers the pauses.
unsigned run(WatchedEngine& e, unsigned when, const Action* act) {
  unsigned pause = 0;
  do {
    if (pause == when && act != nullptr) (*act)(e);
    e.park();
    e.check();
    ++pause;
  } while (!testing::Test::HasFatalFailure() && e.step());
  if (!testing::Test::HasFatalFailure()) e.check_chains();
  return pause;
}

void run_all(const std::vector<Shape>& all, const Prepared& prepared, std::uint64_t stride) {
  finish_within(2 * kTestLimit);
  for (const Shape& shape : all) {
    SCOPED_TRACE(shown(shape));
    const unsigned pauses = run(*prepared(shape), 0, nullptr);
    ASSERT_GT(pauses, 8U);
    const std::vector<Action> acts = actions(shape, stride);
    for (std::size_t a = 0; a < acts.size(); ++a) {
      for (unsigned when = 0; when < pauses; ++when) {
        auto e = prepared(shape);
        run(*e, when, &acts[a]);
        ASSERT_FALSE(testing::Test::HasFailure()) << "action " << a << " at pause " << when;
        e->finish();
        e->check_chains();
        ASSERT_FALSE(testing::Test::HasFailure()) << "after action " << a << " at pause " << when;
      }
    }
  }
}

TEST(PausedResize, EveryChainSurvivesEveryChangeAtEveryStepOfAnUnzip) {
  const std::int64_t records = Record::live();
  run_all(shapes(2, kLongest), before_growth, 8);
  EXPECT_EQ(Record::live(), records);
}

TEST(PausedResize, TheSameWhereABucketBecomesFour) { run_all(shapes(4, kLongest / 2 + 1), before_growth, 8); }

TEST(PausedResize, EveryChainSurvivesEveryChangeAtEveryStepOfAZip) {
  const std::int64_t records = Record::live();
  run_all(shapes(2, kLongest - 1), before_halving, 32);
  EXPECT_EQ(Record::live(), records);
}

// A key whose node is behind an erased one with the same hash, whether the two were inserted before the
// resize or not.
TEST(PausedResize, AKeyIsFoundBehindAnErasedOneWithItsHash) {
  const std::int64_t records = Record::live();
  const Action act = [](WatchedEngine& e) { e.erase("twin"); };
  for (const bool growing : {true, false}) {
    const std::uint64_t stride = growing ? 8 : 32;
    for (const Shape& shape : shapes(2, 3)) {
      SCOPED_TRACE(shown(shape));
      for (std::size_t of = 0; of < shape.nodes.size(); ++of) {
        const auto prepared = [&] {
          auto e = std::make_unique<WatchedEngine>(growing ? 3 : 5);
          prepare_chain(*e, shape, growing, [&](std::size_t i) {
            if (i == of) e->put("twin", hash_of(of, shape.nodes[of], stride));
          });
          return e;
        };
        const unsigned pauses = run(*prepared(), 0, nullptr);
        ASSERT_GT(pauses, 8U);
        for (unsigned when = 0; when < pauses; ++when) {
          run(*prepared(), when, &act);
          ASSERT_FALSE(testing::Test::HasFailure()) << "twin of " << of << " erased at pause " << when;
        }
      }
    }
  }
  EXPECT_EQ(Record::live(), records);
}

// An engine may end at any step; sanitizers see what is freed twice or never.
TEST(PausedResize, AnEngineMayEndAtEveryStep) {
  const std::int64_t records = Record::live();
  const Shape shape{2, {0, 1, 0, 0, 1}};
  for (const Prepared& prepared : {Prepared(before_growth), Prepared(before_halving)}) {
    const unsigned pauses = run(*prepared(shape), 0, nullptr);
    for (unsigned last = 0; last < pauses; ++last) {
      auto e = prepared(shape);
      for (unsigned i = 0; i < last; ++i) {
        if (i == last / 2) e->erase(key_of(2));
        e->step();
      }
    }
  }
  EXPECT_EQ(Record::live(), records);
}

// Readers are held up nowhere, but a grace period is waited for: once after the new array is shown, and once
// between two links of the same chain.
TEST(PausedResize, OneGracePeriodServesAllBuckets) {
  WatchedEngine e(3);
  for (std::uint64_t bucket = 0; bucket < 8; ++bucket) {
    for (std::uint64_t i = 0; i < 2; ++i) e.put(key_of(bucket * 2 + i), bucket | i << 3 | i << 16);
  }
  e.put("17th", 0x80000);
  e.ask_for_resize();
  ASSERT_EQ(e.engine().buckets().other()->size(), 32U);
  const reclaim::Ticket before = e.engine().periods().started();
  while (e.step()) {
  }
  EXPECT_LE(e.engine().periods().started() - before, 3U);
  e.check();
  e.check_chains();
}

}  // namespace
}  // namespace flashkv::test
