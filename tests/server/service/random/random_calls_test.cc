// Random sequences of calls through the method table, each answer compared with the oracle's. Now and then
// the writer runs out of memory in a mutation: then that is refused, has changed nothing, and is made again.
//
//     random_calls_test [--seed N] [--gtest_filter='*/ENGINE']
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "server/service/method_table.h"
#include "tests/server/service/random/oracle.h"
#include "tests/server/service/random/random_requests.h"
#include "tests/server/service/random/refusals.h"
#include "tests/support/failing_new.h"
#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {
namespace {

std::optional<std::uint64_t> only_seed;
std::string program = "random_calls_test";

constexpr std::uint64_t kSeeds = 8;
constexpr int kFreshSeeds = 3;
constexpr int kCalls = 400;
constexpr std::size_t kShownCalls = 8;         // of those before a failure
constexpr std::uint64_t kMostAllocations = 4;  // that a starved call may make

class RandomCallsTest : public ServicesTest, public testing::WithParamInterface<std::string> {
 protected:
  // Plays the sequence of one seed, up to the first wrong answer.
  void play(std::uint64_t seed) {
    RandomRequests draw(seed);
    StoreOptions options;
    options.engine = GetParam();
    options.ordered_index = !draw.one_in(4);
    options.limits.max_key_bytes = Oracle::kMaxKeyBytes;
    options.limits.max_value_bytes = Oracle::kMaxValueBytes;
    limits.max_multiget_keys = Oracle::kMaxMultiGetKeys;
    ordered_ = options.ordered_index;
    open(options);
    oracle_.emplace(Oracle::Traits{.ordered = ordered_, .atomic_batch = store->traits().atomic_batch});
    trace_.clear();
    oracle_->now_ms = clock.now_ms();
    for (int i = 0; i < kCalls && !HasFailure(); ++i) one_call(draw);
    if (!HasFailure()) expect_content();
    if (!HasFailure()) return;
    std::string calls;
    for (const std::string& call : trace_) calls += "  " + call + "\n";
    ADD_FAILURE() << "the last calls:\n"
                  << calls << "replay: " << program << " --seed " << seed << " --gtest_filter='*/"
                  << GetParam() << "'";
  }

  std::map<std::string, int> done_, refused_, starved_;

 private:
  // Memory runs out in the writer's first turn alone. What the sink needs is there.
  void run_writer() override {
    desk.back.clear();
    desk.back.reserve(1);
    allocation_failed = false;
    allocations_left = std::exchange(allowed_, -1);
    store->step();
    allocations_left = -1;
    store->step();
  }

  void one_call(RandomRequests& draw) {
    const std::uint64_t newest = oracle_->revision();
    switch (draw.below(12)) {
      case 0:
        return move_clock(draw);
      case 1:
        return unary<v1::GetResponse>("Get", draw.get(newest));
      case 2:
        return unary<v1::MultiGetResponse>("MultiGet", draw.multi_get(newest));
      case 3:
      case 4:
        return mutation<v1::PutResponse>("Put", draw.put(newest), draw);
      case 5:
        return mutation<v1::DeleteResponse>("Delete", draw.erase(), draw);
      case 6:
        return mutation<v1::ExpireResponse>("Expire", draw.expire(), draw);
      case 7:
        return mutation<v1::IncrementResponse>("Increment", draw.increment(), draw);
      case 8:
        return mutation<v1::AppendResponse>("Append", draw.append(), draw);
      case 9:
      case 10:
        return mutation<v1::TxnResponse>("Txn", draw.txn(newest), draw);
      default:
        return scan(draw.scan(newest));
    }
  }

  // What has expired is first read while it is still there, and then removed.
  void move_clock(RandomRequests& draw) {
    const auto by = static_cast<Nanos>(1 + draw.below(60));
    clock.advance(by * kMs);
    oracle_->now_ms = clock.now_ms();
    note("the clock moves by " + std::to_string(by) + " ms");
    for (int i = 0; i < 2; ++i) {
      v1::GetRequest get = draw.get(0);
      get.clear_at_least_revision();
      if (is_invalid(get))
        continue;  // whatever is refused is followed by a scan, which the writer takes part in
      unary<v1::GetResponse>("Get", get);
    }
    for (int i = 0; i < 8; ++i) store->step();
    oracle_->remove_expired();
    EXPECT_EQ(store->published_revision(), oracle_->revision())
        << "what has expired was not removed, key by key";
  }

  template <typename Request>
  Status send(const char* method, const Request& request, std::string& reply) {
    note(std::string(method) + " { " + request.ShortDebugString() + " }");
    std::unique_ptr<UnaryState>& state = states_[method];
    if (state == nullptr) state = method_table()[method_id(method)].make_unary();
    Status status = call(*state, request, reply);
    state->recycle();
    return status;
  }

  template <typename Reply, typename Request>
  void mutation(const char* method, const Request& request, RandomRequests& draw) {
    std::string bytes;
    if (draw.one_in(3)) {
      allowed_ = static_cast<long>(draw.below(kMostAllocations));
      note("memory for " + std::to_string(allowed_) + " allocations:");
      const Status status = send(method, request, bytes);
      allowed_ = -1;  // where the call was refused before it came to the writer
      // An engine may do without what it could not get.
      if (status.code != Code::kResourceExhausted)
        return expect_answer<Reply>(method, request, status, bytes);
      EXPECT_TRUE(allocation_failed) << status.message;
      ++starved_[method];
      expect_content();
    }
    if (!HasFailure()) unary<Reply>(method, request);
  }

  template <typename Reply, typename Request>
  void unary(const char* method, const Request& request) {
    std::string bytes;
    const Status status = send(method, request, bytes);
    expect_answer<Reply>(method, request, status, bytes);
  }

  template <typename Reply, typename Request>
  void expect_answer(const char* method, const Request& request, const Status& status,
                     const std::string& bytes) {
    Reply wanted, got;
    const Code code = oracle_->answer(request, wanted);
    if (status.ok()) {
      EXPECT_TRUE(got.ParseFromString(bytes));
      EXPECT_EQ(got.header().store_id(), store->store_id());
      got.mutable_header()->clear_store_id();
    }
    compare(method, status, code, got, wanted);
  }

  // All pages as one message, which the oracle knows.
  void scan(const v1::ScanRequest& request) {
    note("Scan { " + request.ShortDebugString() + " }");
    std::vector<v1::ScanResponse> pages;
    const Status status = pages_of(request, pages);
    v1::ScanResponse wanted, got;
    const Code code = oracle_->answer(request, wanted);
    for (std::size_t i = 0; i < pages.size(); ++i) {
      v1::ScanResponse& page = pages[i];
      const bool last = i + 1 == pages.size();
      const auto size = static_cast<std::uint64_t>(page.kvs_size());
      EXPECT_TRUE(last || !page.more()) << "said before the last page";
      EXPECT_TRUE(request.page_size() == 0 || size <= request.page_size()) << size;
      EXPECT_TRUE(i == 0 || page.header().revision() == got.header().revision());
      EXPECT_EQ(page.header().store_id(), store->store_id());
      got.mutable_header()->set_revision(page.header().revision());
      for (v1::KeyValue& item : *page.mutable_kvs()) got.add_kvs()->Swap(&item);
      EXPECT_TRUE(request.count_only() || page.count() == static_cast<std::uint64_t>(got.kvs_size()));
      got.set_count(page.count());
      got.set_more(page.more());
    }
    compare("Scan", status, code, got, wanted);
  }

  Status pages_of(const v1::ScanRequest& request, std::vector<v1::ScanResponse>& pages) {
    FakeStream stream(*session, desk);
    stream.open(method_table()[method_id("Scan")].make_stream(stream));
    stream.send(request);
    stream.end_side();
    for (int i = 0; i < 8 && !stream.ended; ++i) {
      stream.run();
      run_writer();
    }
    pages = stream.replies<v1::ScanResponse>();
    run_writer();  // takes the pin back
    return stream.ended.value_or(Status{Code::kInternal, "the stream has not ended"});
  }

  template <typename Reply>
  void compare(const std::string& method, const Status& status, Code code, const Reply& got,
               const Reply& wanted) {
    EXPECT_EQ(static_cast<int>(status.code), static_cast<int>(code)) << status.message;
    if (!status.ok() || code != Code::kOk) {
      ++refused_[method];
      if (!HasFailure()) expect_content();
      return;
    }
    ++done_[method];
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(wanted, got))
        << "wanted " << wanted.ShortDebugString() << "\n   got " << got.ShortDebugString();
    EXPECT_EQ(store->published_revision(), oracle_->revision());
  }

  // The whole store: every key through a Scan, or through Gets where there is no order.
  void expect_content() {
    EXPECT_EQ(store->published_revision(), oracle_->revision());
    const auto held = oracle_->content();
    if (!ordered_) {
      for (const auto& [key, entry] : held) EXPECT_EQ(get(key).kv().mod_revision(), entry.mod) << key;
      EXPECT_EQ(store->stats().engine.keys, held.size());
      return;
    }
    std::vector<v1::ScanResponse> pages;
    v1::ScanResponse wanted, got;
    EXPECT_TRUE(pages_of({}, pages).ok());
    EXPECT_EQ(oracle_->answer(v1::ScanRequest(), wanted), Code::kOk);
    ASSERT_EQ(pages.size(), 1U);
    pages[0].mutable_header()->clear_store_id();
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(wanted, pages[0]))
        << "the store holds " << pages[0].ShortDebugString() << "\n      instead of "
        << wanted.ShortDebugString();
  }

  void note(std::string call) {
    if (trace_.size() == kShownCalls) trace_.pop_front();
    trace_.push_back(std::move(call));
  }

  bool ordered_ = true;
  long allowed_ = -1;  // allocations in the writer's next turn; negative = no limit
  std::optional<Oracle> oracle_;
  std::map<std::string, std::unique_ptr<UnaryState>>
      states_;  // one a method: each reply overwrites the one before
  std::deque<std::string> trace_;
};
INSTANTIATE_TEST_SUITE_P(Engines, RandomCallsTest, testing::ValuesIn(engine_names()), [](const auto& engine) {
  std::string name = engine.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(RandomCallsTest, AreAnsweredAsTheOracleSays) {
  if (only_seed) return play(*only_seed);
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) play(seed);
  for (const char* method :
       {"Get", "MultiGet", "Put", "Delete", "Expire", "Increment", "Append", "Txn", "Scan"}) {
    EXPECT_GT(done_[method], static_cast<int>(kSeeds)) << method;
    EXPECT_GT(refused_[method], 0) << method;
  }
  for (const char* method : {"Put", "Delete", "Expire", "Increment", "Append", "Txn"})
    EXPECT_GT(starved_[method], 0) << method;
}

TEST_P(RandomCallsTest, AreAnsweredAsTheOracleSaysForFreshSeeds) {
  if (only_seed) return play(*only_seed);
  std::random_device random;
  for (int i = 0; i < kFreshSeeds && !HasFailure(); ++i) {
    const std::uint64_t seed = std::uint64_t{random()} << 32 | random();
    std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
    play(seed);
  }
}

}  // namespace

// True if the argument was recognized.
bool take_seed(const char* argument, const char* value) {
  std::uint64_t seed = 0;
  if (std::strcmp(argument, "--seed") != 0 || value == nullptr) return false;
  const char* end = value + std::strlen(value);
  if (std::from_chars(value, end, seed).ptr != end) return false;
  only_seed = seed;
  return true;
}

}  // namespace flashkv::test

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  flashkv::test::program = argv[0];
  for (int i = 1; i < argc; i += 2) {
    if (flashkv::test::take_seed(argv[i], i + 1 < argc ? argv[i + 1] : nullptr)) continue;
    std::fprintf(stderr, "usage: %s [--seed N] [--gtest_filter='*/ENGINE']\n", argv[0]);
    return 2;
  }
  return RUN_ALL_TESTS();
}
