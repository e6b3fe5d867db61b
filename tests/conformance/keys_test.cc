// Keys of every shape, and every sequence of operations on one key within a batch.
#include "tests/conformance/engine_test.h"
#include "tests/conformance/more_cases.h"

namespace flashkv::test {
namespace {

using namespace std::string_literals;

class KeysTest : public ConformanceTest {};
INSTANTIATE_TEST_SUITE_P(Engines, KeysTest, ::testing::ValuesIn(served_cases() + shaped_cases()),
                         EngineName{});

TEST_P(KeysTest, AnEmptyTableHasNoKeys) {
  EXPECT_EQ(engine().read("a"), "(absent)");
  EXPECT_EQ(engine().read(""), "(absent)");
  EXPECT_EQ(engine().table().stats().keys, 0U);
  EXPECT_EQ(engine().table().published(), 0U);
}

TEST_P(KeysTest, EmptyKeysKeysOfNulsAndTheirPrefixesAreDistinct) {
  const std::vector<std::string> keys{
      "",    "\0"s,      "\0\0"s, "\0\0\0\0\0\0\0\0\0"s, "a",     "a\0"s,    "a\0b"s, "ab",
      "abc", "abcdefgh", "abcd",  "abcdefghi",           "\xff"s, "\xff\0"s, "\x80"s, "\xff\xff\xff\xff"s,
      " ",   "A"};
  EngineUnderTest& e = engine();
  e.begin();
  for (const std::string& key : keys) ASSERT_TRUE(e.put(key, "value of " + key));
  e.publish();
  e.expect_content();
  for (const std::string& key : keys) {
    e.erase_now(key);
    EXPECT_EQ(e.read(key), "(absent)");
    e.expect_content();
  }
}

// Each length of one byte over and over, of NULs, and of the first with another end; also all with one hash.
TEST_P(KeysTest, KeysOfEveryLengthAreFound) {
  for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{0}}) {
    close();
    options.hash = KeyHash(42, mask);
    EngineUnderTest& e = engine();
    e.begin();
    for (const std::size_t size :
         {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 64, 127, 255, 1'000, 4'095, 16'383, 65'534, 65'535}) {
      for (const char filling : {'a', '\0'}) {
        std::string key(size, filling);
        ASSERT_TRUE(e.put(key, numbered("size ", size)));
        key.back() = 'b';
        ASSERT_TRUE(e.put(key, numbered("another end, size ", size)));
      }
    }
    static_assert(Record::kMaxKeyBytes == 65'535);
    ASSERT_TRUE(e.put("large value", std::string(3 << 20, 'v')));
    ASSERT_TRUE(e.put("empty value", ""));
    e.publish();
    e.expect_content();
    EXPECT_EQ(e.read(std::string(Record::kMaxKeyBytes - 2, 'a')), "(absent)");
  }
}

TEST_P(KeysTest, OneBatchMayOverwriteRemoveAndInsertAgain) {
  EngineUnderTest& e = engine();
  e.put_now("there", "1");
  e.begin();
  for (const char* value : {"2", "3", "4"}) ASSERT_TRUE(e.put("there", value));
  ASSERT_TRUE(e.erase("there"));
  ASSERT_TRUE(e.erase("there"));
  ASSERT_TRUE(e.put("there", "5"));
  ASSERT_TRUE(e.put("new", "1"));
  ASSERT_TRUE(e.erase("new"));
  ASSERT_TRUE(e.erase("never"));
  ASSERT_TRUE(e.put("newer", "1"));
  ASSERT_TRUE(e.erase("newer"));
  ASSERT_TRUE(e.put("newer", "2"));
  EXPECT_EQ(e.read("there"), "1") << "a reader saw what is not published";
  EXPECT_EQ(e.read("newer"), "(absent)") << "a reader saw what is not published";
  e.publish();
  EXPECT_EQ(e.read("there"), "5");
  EXPECT_EQ(e.read("new"), "(absent)");
  EXPECT_EQ(e.read("newer"), "2");
  e.expect_content();
  e.begin();
  ASSERT_TRUE(e.erase("there"));
  e.publish();
  EXPECT_EQ(e.read("there"), "(absent)");
  e.expect_content();
}

// A batch without changes is still a revision, for readers from before it and after it, and keeps nobody.
TEST_P(KeysTest, APublishWithoutChangesStillNamesItsRevision) {
  EngineUnderTest& e = engine();
  e.put_now("a", "1");
  e.begin();
  const std::vector<Probe> probes{e.probe("absent"), e.probe("a")};
  ASSERT_TRUE(e.table().reserve(probes));
  e.table().erase(probes[0]);
  e.table().publish(7);
  EXPECT_EQ(e.table().published(), 7U);
  EXPECT_EQ(e.hold()->revision(), 7U);
  EXPECT_EQ(e.read("a"), "1");
}

TEST_P(KeysTest, RemovingAnAbsentKeyChangesNothing) {
  EngineUnderTest& e = engine();
  e.put_now("a", "1");
  for (int i = 0; i < 5'000; ++i) {
    e.begin();
    ASSERT_TRUE(e.erase(numbered("absent", static_cast<std::size_t>(i % 50))));
    e.publish();
  }
  e.expect_content();
}

TEST_P(KeysTest, ARequestOfManyKeysIsPreparedAtOnce) {
  constexpr std::size_t kKeys = 1'000;
  EngineUnderTest& e = engine();
  std::vector<std::string> keys;
  for (std::size_t n = 0; n < kKeys; ++n) keys.push_back(numbered("k", n % (kKeys - 10)));  // some twice
  for (int round = 0; round < 3; ++round) {
    e.begin();
    std::vector<Probe> probes;
    for (const std::string& key : keys) probes.push_back(e.probe(key));
    ASSERT_TRUE(e.table().reserve(probes));
    for (const std::string& key : keys)
      ASSERT_TRUE(e.put(key, numbered("round", static_cast<std::size_t>(round))));
    e.publish();
    e.expect_content();
  }
}

// Batch sizes on both sides of every engine's group size, with hits, misses and repeated keys mixed. Under
// the narrow masks whole hashes collide.
TEST_P(KeysTest, ABatchOfLookupsReturnsWhatSingleLookupsDo) {
  for (const std::uint64_t mask : all_masks()) {
    close();
    options.hash = KeyHash(1, mask);
    EngineUnderTest& e = engine();
    e.begin();
    for (std::size_t i = 0; i < 300; i += 2) ASSERT_TRUE(e.put(numbered("key", i), numbered("v", i)));
    e.publish();
    for (const std::size_t size : {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 300}) {
      std::vector<std::string> keys;
      for (std::size_t i = 0; i < size; ++i) keys.push_back(numbered("key", i * 7 % 300));
      std::vector<Probe> probes;
      for (const std::string& key : keys) probes.push_back(e.probe(key));
      std::vector<const Record*> found(size, reinterpret_cast<const Record*>(8));
      e.table().prefetch(probes);
      const auto guard = e.hold();
      guard->find_batch(probes, found);
      for (std::size_t i = 0; i < size; ++i) {
        ASSERT_EQ(found[i], guard->find(probes[i])) << keys[i];
        ASSERT_EQ(found[i] != nullptr, i * 7 % 300 % 2 == 0) << keys[i];
      }
    }
  }
}

}  // namespace
}  // namespace flashkv::test
