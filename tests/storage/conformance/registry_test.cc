// The names that --engine takes, each made with its options and served from.
#include "storage/engine/registry.h"

#include <set>

#include "tests/storage/conformance/engine_test.h"

namespace flashkv::test {
namespace {

// An engine that users can choose and this suite does not know would go untested.
TEST(Registry, EveryEngineIsInTheSuite) {
  std::set<std::string_view> tested;
  ManualClock clock;
  for (const EngineCase& c : engine_cases()) tested.insert(c.make(KeyHash(1)).table->traits().name);
  for (const std::string& name : engine_names()) EXPECT_EQ(tested.count(name), 1U) << name;
}

class RegisteredEngine : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Engines, RegisteredEngine, ::testing::ValuesIn(engine_names()),
                         [](const auto& chosen) {
                           std::string name = chosen.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(RegisteredEngine, ServesUnderItsNameWithItsTraits) {
  Status why;
  const auto table = make_table(GetParam(), EngineOptions{}, why);
  ASSERT_NE(table, nullptr) << why.message;
  EXPECT_EQ(table->traits().name, GetParam());
  ManualClock clock;
  const auto reader = table->make_reader(clock);
  ASSERT_TRUE(table->try_open(0));
  const Probe probe{"key", table->hash()("key")};
  ASSERT_TRUE(table->prepare({&probe, 1}));
  RecordPtr record = Record::make("key", "value", Record::Expiry::kNone);
  record->stamp(1, 1, 1);
  table->upsert(record.release(), probe.hash);
  table->publish(1);
  std::string value;
  Lookup hit;
  hit.value = &value;
  EXPECT_EQ(reader->get("key", hit), 1U);
  EXPECT_EQ(value, "value");
}

TEST(Registry, UnknownNamesAndUnfitOptionsNameWhatIsAllowed) {
  Status why;
  EXPECT_EQ(make_table("cukoo", {}, why), nullptr);
  EXPECT_EQ(why.code, Code::kInvalidArgument);
  for (const std::string& name : engine_names())
    EXPECT_NE(why.message.find(name), std::string::npos) << why.message;
  EngineOptions options;
  options.slice_bits = 8;
  EXPECT_EQ(make_table("flashmap", options, why), nullptr);
  EXPECT_EQ(why.message, "radix-slice: the engine flashmap takes only auto");
  options = {};
  options.guard = GuardChoice::kRefcount;
  EXPECT_EQ(make_table("critnib", options, why), nullptr);
  EXPECT_EQ(why.message, "guard: the engine critnib takes only auto");
}

}  // namespace
}  // namespace flashkv::test
