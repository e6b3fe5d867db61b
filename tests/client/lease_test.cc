// Which changes of a key leave it to its holder.
#include "client/kvctl/lease.h"

#include <gtest/gtest.h>

namespace flashkv::kvctl {
namespace {

using Key = Lease::Key;

const client::KeyValue kPut{
    .key = "k", .value = "v", .create_revision = 7, .mod_revision = 7, .version = 1, .expires_at_ms = 1'000};

client::KeyValue changed(std::uint64_t mod_revision, std::uint64_t version, std::int64_t expires_at_ms) {
  client::KeyValue kv = kPut;
  kv.mod_revision = mod_revision;
  kv.version = version;
  kv.expires_at_ms = expires_at_ms;
  return kv;
}

TEST(Lease, TheFirstLookFindsOnlyWhatThePutHasMade) {
  EXPECT_EQ(Lease(7).check(kPut), Key::kOwn);
  EXPECT_EQ(Lease(6).check(kPut), Key::kAnothers);
  EXPECT_EQ(Lease(7).check(std::nullopt), Key::kGone);
}

TEST(Lease, AChangeThatKeepsTheExpiryLeavesTheKeyToItsHolder) {
  Lease lease(7);
  ASSERT_EQ(lease.check(kPut), Key::kOwn);
  EXPECT_EQ(lease.check(changed(9, 2, 1'000)), Key::kOwn) << "appended to";
  EXPECT_EQ(lease.mod_revision(), 9U) << "the next renewal must know";
}

TEST(Lease, AKeyPutAgainIsAnothersWithOrWithoutATtl) {
  for (const std::int64_t expires_at_ms : {0, 900, 5'000}) {
    Lease lease(7);
    ASSERT_EQ(lease.check(kPut), Key::kOwn);
    EXPECT_EQ(lease.check(changed(9, 2, expires_at_ms)), Key::kAnothers) << expires_at_ms;
  }
}

TEST(Lease, AnEarlierStateOfTheKeyIsTheHoldersOnceTheServerHasLostItsLastChanges) {
  Lease lease(7);
  ASSERT_EQ(lease.check(kPut), Key::kOwn);
  ASSERT_EQ(lease.check(changed(9, 2, 1'000)), Key::kOwn);
  EXPECT_EQ(lease.check(changed(8, 1, 900)), Key::kAnothers);
  lease.rolled_back();
  EXPECT_EQ(lease.check(changed(8, 1, 900)), Key::kOwn);
  EXPECT_EQ(lease.mod_revision(), 8U) << "the next renewal must know";
  EXPECT_EQ(lease.check(changed(7, 1, 800)), Key::kAnothers) << "it has not lost more";
  lease.rolled_back();
  EXPECT_EQ(lease.check(changed(12, 2, 5'000)), Key::kAnothers) << "put since, by somebody else";
}

TEST(Lease, AKeyCreatedAgainIsAnothersEvenWithTheSameExpiry) {
  Lease lease(7);
  ASSERT_EQ(lease.check(kPut), Key::kOwn);
  client::KeyValue again = kPut;
  again.create_revision = again.mod_revision = 9;
  EXPECT_EQ(lease.check(again), Key::kAnothers);
  lease.renewing();
  again.version = 2;
  again.expires_at_ms = 5'000;
  EXPECT_EQ(lease.check(again), Key::kAnothers) << "no renewal creates a key";
}

TEST(Lease, ARenewalWhoseAnswerWasLostIsRecognized) {
  Lease lease(7);
  ASSERT_EQ(lease.check(kPut), Key::kOwn);
  lease.renewing();
  EXPECT_EQ(lease.check(changed(9, 2, 2'000)), Key::kOwn);
  EXPECT_EQ(lease.check(changed(12, 3, 3'000)), Key::kAnothers) << "nothing is in doubt any more";
}

TEST(Lease, InDoubtOnlyOneChangeToALaterExpiryCanBeTheRenewal) {
  for (const auto& kv : {changed(9, 2, 0), changed(9, 2, 900), changed(9, 3, 2'000)}) {
    Lease lease(7);
    ASSERT_EQ(lease.check(kPut), Key::kOwn);
    lease.renewing();
    EXPECT_EQ(lease.check(kv), Key::kAnothers) << kv.version << ' ' << kv.expires_at_ms;
  }
  Lease lease(7);
  ASSERT_EQ(lease.check(kPut), Key::kOwn);
  lease.renewing();
  lease.not_renewed();
  EXPECT_EQ(lease.check(changed(9, 2, 2'000)), Key::kAnothers);
}

}  // namespace
}  // namespace flashkv::kvctl
