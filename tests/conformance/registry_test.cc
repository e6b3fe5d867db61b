// The registry: every name that --engine takes, opened with its options and served from.
#include "storage/engine/registry.h"

#include <set>

#include "tests/conformance/engine_test.h"

namespace flashkv::test {
namespace {

// An engine that users can choose but this suite does not know would be untested.
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
  const auto table = make_engine(GetParam(), EngineOptions{}, why);
  ASSERT_NE(table, nullptr) << why.message;
  EXPECT_EQ(table->traits().name, GetParam());
  ManualClock clock;
  const auto reader = table->make_reader(clock);
  ASSERT_TRUE(table->try_begin_batch(0));
  const Probe probe{"key", table->hash()("key")};
  ASSERT_TRUE(table->reserve({&probe, 1}));
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

TEST(Registry, UnknownNamesAndUnsupportedOptionsAreRefusedWithWhatIsAllowed) {
  Status why;
  EXPECT_EQ(make_engine("cukoo", {}, why), nullptr);
  EXPECT_EQ(why.code, Code::kInvalidArgument);
  for (const std::string& name : engine_names())
    EXPECT_NE(why.message.find(name), std::string::npos) << why.message;
  EngineOptions options;
  options.slice_bits = 8;
  EXPECT_EQ(make_engine("flashmap", options, why), nullptr);
  EXPECT_EQ(why.message,
            "radix-slice: the engine flashmap does not take this value; allowed: auto, or the engine radix, "
            "radix-compressed");
  options = {};
  options.guard = GuardChoice::kRefcount;
  EXPECT_EQ(make_engine("critnib", options, why), nullptr);
  EXPECT_EQ(why.message,
            "guard: the engine critnib does not take this value; allowed: auto, or the engine flashmap");
}

// The check the server makes before it opens anything agrees with make_engine().
TEST(Registry, CheckEngineAgreesWithMakeEngine) {
  std::vector<EngineOptions> choices(4);
  choices[1].guard = GuardChoice::kRefcount;
  choices[2].slice_bits = 8;
  choices[3].word_order = WordOrder::kReversed;
  std::vector<std::string> names = engine_names();
  names.emplace_back("none");
  for (const std::string& name : names) {
    for (const EngineOptions& options : choices) {
      Status why;
      const bool made = make_engine(name, options, why) != nullptr;
      const Status checked = check_engine(name, options);
      EXPECT_EQ(checked.ok(), made) << name;
      EXPECT_EQ(checked.message, why.message) << name;
    }
  }
}

struct Promised {
  Traits traits;
  GuardChoice guard = GuardChoice::kAuto;
};

// In ThreadSanitizer builds, entering a read section costs one read-modify-write.
#if defined(__SANITIZE_THREAD__)
constexpr ReadRmw kSection = ReadRmw::kOne;
#else
constexpr ReadRmw kSection = ReadRmw::kNone;
#endif

// Columns: name, atomic_batch, linearizable, ordered, bounded_garbage, read_rmw.
constexpr Promised kPromises[] = {
    {{"flashmap", true, true, false, true, ReadRmw::kNone}},
    {{"flashmap", true, true, false, true, ReadRmw::kNone}, GuardChoice::kAsymmetric},
    {{"flashmap", true, true, false, true, ReadRmw::kTwo}, GuardChoice::kRefcount},
    {{"relativistic", false, true, false, true, kSection}},
    {{"rcu-hash", false, true, false, true, kSection}},
    {{"cuckoo-rwlock", true, true, false, true, ReadRmw::kLock}},
    {{"cuckoo-deletion-lock", true, true, false, true, ReadRmw::kTwo}},
    {{"cuckoo-leak", true, true, false, false, ReadRmw::kNone}},
    {{"perfect-hash-deletion-lock", false, true, false, true, ReadRmw::kTwo}},
    {{"perfect-hash-leak", false, true, false, false, ReadRmw::kNone}},
    {{"radix", false, true, false, true, kSection}},
    {{"radix-compressed", false, true, false, true, kSection}},
    {{"critnib", false, true, false, true, kSection}},
    {{"critnib-leak", false, true, false, false, kSection}},
};

TEST(Registry, EveryEngineHasTheTraitsInItsDocument) {
  std::set<std::string_view> stated;
  for (const Promised& p : kPromises) {
    SCOPED_TRACE(p.traits.name);
    stated.insert(p.traits.name);
    EngineOptions options;
    options.guard = p.guard;
    Status why;
    const auto table = make_engine(p.traits.name, options, why);
    ASSERT_NE(table, nullptr) << why.message;
    const Traits& traits = table->traits();
    EXPECT_EQ(traits.name, p.traits.name);
    EXPECT_EQ(traits.atomic_batch, p.traits.atomic_batch);
    EXPECT_EQ(traits.linearizable, p.traits.linearizable);
    EXPECT_EQ(traits.ordered, p.traits.ordered);
    EXPECT_EQ(traits.bounded_garbage, p.traits.bounded_garbage);
    EXPECT_EQ(traits.read_rmw, p.traits.read_rmw);
  }
  for (const std::string& name : engine_names()) EXPECT_EQ(stated.count(name), 1U) << name;
}

}  // namespace
}  // namespace flashkv::test
