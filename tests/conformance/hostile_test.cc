// Hostile keys: one hash for all, or hashes that differ in few bits. They may make an engine slow, not wrong.
#include "tests/conformance/engine_test.h"

namespace flashkv::test {
namespace {

struct HostileCase {
  EngineCase engine;
  std::uint64_t mask;
  const char* name;
};
std::ostream& operator<<(std::ostream& out, const HostileCase& c) {
  return out << c.engine.name << "_" << c.name;
}

std::vector<HostileCase> hostile_cases() {
  std::vector<HostileCase> cases;
  for (const EngineCase& engine : served_cases()) {
    cases.push_back({engine, 0, "one_hash"});
    cases.push_back({engine, 3, "four_hashes"});
    cases.push_back({engine, 0xffff, "shared_head"});
    cases.push_back({engine, 0xffff'0000'0000'0000, "shared_tail"});
    cases.push_back({engine, 0x0000'00ff'ff00'0000, "shared_ends"});
    cases.push_back({engine, 0x8000'0000'0000'0001, "two_bits"});
  }
  return cases;
}

class HostileTest : public ::testing::TestWithParam<HostileCase> {};
INSTANTIATE_TEST_SUITE_P(Engines, HostileTest, ::testing::ValuesIn(hostile_cases()), [](const auto& chosen) {
  return std::string(chosen.param.engine.name) + "_" + chosen.param.name;
});

TEST_P(HostileTest, KeysThatCollideAreFoundAndRemoved) {
  constexpr std::size_t kKeys = kSanitized ? 150 : 600;
  constexpr std::size_t kBatch = 50;
  EngineOptions options;
  options.hash = KeyHash(11, GetParam().mask);
  EngineUnderTest e(GetParam().engine, options);
  for (std::size_t first = 0; first < kKeys; first += kBatch) {
    e.begin();
    for (std::size_t n = first; n < first + kBatch; ++n)
      ASSERT_TRUE(e.put(numbered("key", n), numbered("v", n)));
    e.publish();
    EXPECT_EQ(e.read(numbered("key", kKeys + first)), "(absent)");
  }
  e.expect_content();
  for (std::size_t first = 0; first < kKeys; first += kBatch) {
    e.begin();
    for (std::size_t n = first; n < first + kBatch; ++n) {
      if (n % 3 == 0) {
        ASSERT_TRUE(e.put(numbered("key", n), numbered("again", n)));
      } else {
        ASSERT_TRUE(e.erase(numbered("key", n)));
      }
    }
    e.publish();
  }
  e.expect_content();
  for (std::size_t n = 0; n < kKeys; ++n) {
    if (n % 3 != 0) {
      ASSERT_EQ(e.read(numbered("key", n)), "(absent)");
    }
  }
}

TEST(OnePrefix, KeysThatDifferInTheirLastByteAreKeptApart) {
  for (const EngineCase& engine : served_cases()) {
    SCOPED_TRACE(engine.name);
    EngineUnderTest e(engine);
    const std::string head(4'000, 'h');
    e.begin();
    for (int last = 0; last < 256; ++last) {
      ASSERT_TRUE(e.put(head + static_cast<char>(last), std::to_string(last)));
    }
    e.publish();
    e.expect_content();
    EXPECT_EQ(e.read(head), "(absent)");
  }
}

}  // namespace
}  // namespace flashkv::test
