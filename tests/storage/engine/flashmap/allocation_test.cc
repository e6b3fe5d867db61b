// reserve() under an allocator that fails: whichever allocation it is, the table stays as it was.
#include <gtest/gtest.h>

#include <string>

#include "tests/storage/engine/flashmap/table_view.h"
#include "tests/support/failing_new.h"

namespace flashkv::flashmap {
namespace {

std::string key_of(std::uint64_t n) { return "key" + std::to_string(n); }

struct Keys {
  Keys(std::uint64_t first, std::uint64_t last, const KeyHash& hash) {
    for (std::uint64_t n = first; n < last; ++n) names.push_back(key_of(n));
    for (const std::string& name : names) probes.push_back({name, hash(name)});
  }
  std::vector<std::string> names;
  std::vector<Probe> probes;
};

struct Case {
  std::uint64_t mask;
  std::uint64_t before;  // keys in the table
  std::uint64_t more;    // keys prepared at once
  int least_allocations;
};

class FailingAllocation : public ::testing::TestWithParam<Case> {};

TEST_P(FailingAllocation, LeavesTheTableAsItWas) {
  const KeyHash hash{21, GetParam().mask};
  const Keys old_keys(0, GetParam().before, hash);
  const Keys new_keys(GetParam().before, GetParam().before + GetParam().more, hash);
  int failures = 0;
  for (long nth = 1;; ++nth) {
    TwinTable table{hash};
    for (const Probe& probe : old_keys.probes) put(table, hash, probe.key, "old");
    publish(table, 1);
    table.replay();
    const Content before = content_of(table, table.staged(), hash);

    // That one alone: whoever went on after it would find memory again.
    test::allocation_failed = false;
    test::fail_once = true;
    test::allocations_left = nth - 1;
    const bool prepared = table.reserve(new_keys.probes);
    test::allocations_left = -1;
    ASSERT_EQ(prepared, !test::allocation_failed) << "allocation " << nth;

    ASSERT_EQ(content_of(table, table.staged(), hash), before) << "allocation " << nth;
    ASSERT_EQ(content_of(table, 1 - table.staged(), hash), before);
    ASSERT_EQ(records_counted(table), before.size());
    std::uint64_t reserved = 0;
    for (std::size_t i = 0; i < table.directory().size(); ++i) {
      if (i == 0 || table.directory()[i] != table.directory()[i - 1])
        reserved += table.directory()[i]->reserved;
    }
    ASSERT_EQ(reserved, prepared ? new_keys.probes.size() : 0U) << "allocation " << nth;

    if (!prepared) {
      ++failures;
      ASSERT_TRUE(table.reserve(new_keys.probes)) << "the same request, with memory again";
    }
    for (const Probe& probe : new_keys.probes) table.upsert(new_record(probe.key, "new"), probe.hash);
    publish(table, 2);
    table.replay();
    expect_level(table);
    ASSERT_EQ(table.stats().keys, old_keys.probes.size() + new_keys.probes.size());
    if (prepared) break;
  }
  EXPECT_GE(failures, GetParam().least_allocations);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, FailingAllocation,
    ::testing::Values(Case{~std::uint64_t{0}, 0, 10, 2},          // only the lists
                      Case{~std::uint64_t{0}, 0, 3'000, 16},      // in place, then the first splits
                      Case{~std::uint64_t{0}, 4'000, 4'000, 10},  // splits and doublings of the directory
                      Case{0x3, 300, 300, 4},                     // in place, by colliding keys
                      Case{0xc000'0000'00ff'ffff, 6'000, 6'000, 10}));

}  // namespace
}  // namespace flashkv::flashmap
