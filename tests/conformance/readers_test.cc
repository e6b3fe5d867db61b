// Readers on several threads while the engine fills and empties repeatedly.
#include "tests/conformance/more_cases.h"
#include "tests/conformance/readers_fixture.h"

namespace flashkv::test {
namespace {

constexpr std::size_t kPassing = kSanitized ? 600 : 1'500;
constexpr std::size_t kStride = kPassing / 15;

INSTANTIATE_TEST_SUITE_P(Engines, ReadersTest, ::testing::ValuesIn(served_cases()), EngineName{});

// Each tide goes both ways, by several doublings.
TEST_P(ReadersTest, SeeEveryKeyThatStaysAndNoneThatNeverWas) {
  constexpr int kTides = kSanitized ? 2 : 50;
  start(kPassing);
  run([this] {
    for (int tide = 0; tide < kTides && !HasFatalFailure(); ++tide) {
      rise(kStride);
      const std::uint64_t high = index_bytes();
      fall(kStride);
      // Such tables grow and shrink with their keys, under the readers.
      if (GetParam().name.starts_with("cuckoo")) {
        ASSERT_LT(index_bytes(), high);
      }
    }
  });
}

// Nearly all keys share their hash with other keys.
TEST_P(ReadersTest, SeeThemEvenIfHashesCollide) {
  constexpr int kTides = kSanitized ? 1 : 4;
  options.hash = KeyHash(3, 0x1f);
  start(kPassing);
  run([this] {
    for (int tide = 0; tide < kTides && !HasFatalFailure(); ++tide) rise(kStride), fall(kStride);
  });
}

// From the smallest table to one for thousands of keys. perfect-hash never shrinks, so each of its growths
// takes a fresh one.
class FreshReadersTest : public ReadersTest {};
INSTANTIATE_TEST_SUITE_P(Engines, FreshReadersTest, ::testing::ValuesIn(only(served_cases(), is_product)),
                         EngineName{});

TEST_P(FreshReadersTest, SeeThemWhileATableGrowsFromNothing) {
  constexpr std::size_t kMany = 5'000;
  const bool perfect = GetParam().name.starts_with("perfect_hash");
  const int tables = kSanitized ? 1 + (perfect ? 1 : 0) : perfect ? 50 : 3;
  for (int table = 0; table < tables && !HasFatalFailure(); ++table) {
    close();
    start(kMany);
    const std::uint64_t at_first = index_bytes();
    run([&] {
      rise(kMany / 50);
      if (perfect) {
        EXPECT_LT(at_first, 256U * 64) << "it grew to 256 slots under no reader";
        EXPECT_GT(index_bytes(), 65'536U * 8) << "both growths happened";
      }
      if (table + 1 == tables) fall(kMany / 50);
    });
  }
}

// Words that begin alike, end alike, or are shared by many keys, in trees that lose and regain their nodes.
class WordReadersTest : public ReadersTest {};
INSTANTIATE_TEST_SUITE_P(Engines, WordReadersTest,
                         ::testing::ValuesIn(only(served_cases() + shaped_cases(), is_word_engine)),
                         EngineName{});

TEST_P(WordReadersTest, SeeThemWhateverWordsHaveInCommon) {
  constexpr int kTides = kSanitized ? 20 : 100;
  for (const std::uint64_t mask :
       {std::uint64_t{0xffff}, std::uint64_t{0xffff} << 48, std::uint64_t{0x8000'0000'0000'0007}}) {
    close();
    options.hash = KeyHash(3, mask);
    start(60);
    run([this] {
      for (int tide = 0; tide < kTides && !HasFatalFailure(); ++tide) rise(10), fall(10);
    });
    if (HasFatalFailure()) return;
  }
}

// Tables that follow their keys in both directions, as often as it takes to meet readers in every step.
class ResizingReadersTest : public ReadersTest {
 protected:
  // Writes until the index is as small or as large as asked for: it is small only once a resize has ended and
  // given up the larger table.
  template <typename Reached>
  void write_until(Reached reached, bool coming) {
    constexpr std::size_t kStep = 20;
    std::size_t batches = 0;
    for (std::size_t first = 0; !reached(); first = (first + kStep) % passing()) {
      ASSERT_LT(++batches, 1'000'000U) << "no resize in sight";
      write([&] { coming ? come(first, first + kStep) : go(first, first + kStep); });
    }
  }
  // The size of the index at rest.
  std::uint64_t at_rest() {
    for (int batch = 0; batch < 500; ++batch) write();
    return index_bytes();
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, ResizingReadersTest, ::testing::ValuesIn(only(engine_cases(), is_resizing)),
                         EngineName{});

TEST_P(ResizingReadersTest, SeeThemOverManyResizesInBothDirections) {
  constexpr int kResizes = kSanitized ? 20 : 150;  // in each direction
  start(300);
  rise(300);
  const std::uint64_t high = at_rest();
  fall(300);
  const std::uint64_t low = at_rest();
  ASSERT_GT(high, low);
  const std::uint64_t quarter = (high - low) / 4;
  run([&] {
    for (int resize = 0; resize < kResizes && !HasFatalFailure(); ++resize) {
      write_until([&] { return index_bytes() >= high - quarter; }, true);
      write_until([&] { return index_bytes() <= low + quarter; }, false);
    }
  });
}

}  // namespace
}  // namespace flashkv::test
