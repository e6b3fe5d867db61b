#include "server/service/method_table.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <set>

#include "tests/support/services_fixture.h"

namespace flashkv::test {
namespace {

const MethodRow& row(std::string_view counted_as) { return method_table()[method_id(counted_as)]; }

TEST(MethodTable, EveryRowIsAMethodOfTheProtosAndOfTheSameKind) {
  std::set<std::string_view> names{"other"};
  for (const MethodRow& each : method_table()) {
    EXPECT_TRUE(names.insert(each.counted_as).second) << each.counted_as;
    EXPECT_EQ((each.make_unary == nullptr), (each.make_stream != nullptr)) << each.name;
    std::string full(each.name.substr(1));
    full[full.find('/')] = '.';
    const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(full);
    ASSERT_NE(method, nullptr) << full;
    EXPECT_EQ(each.make_stream != nullptr, method->server_streaming()) << full;
  }
}

TEST(MethodTable, NamesAndIdsMapToEachOther) {
  for (std::size_t i = 0; i < method_table().size(); ++i) {
    EXPECT_EQ(method_id(method_name(static_cast<MethodId>(i))), i);
  }
  EXPECT_EQ(method_name(kUnserved), "other");
  EXPECT_EQ(method_id("Nothing"), kUnserved);
}

// Makes calls the way a front does.
class UnaryStateTest : public ServicesTest {
 protected:
  // The value that a Get returns.
  std::string get_by(UnaryState& state, const std::string& key) {
    v1::GetRequest request;
    request.set_key(key);
    std::string bytes;
    EXPECT_TRUE(call(state, request, bytes).ok());
    state.recycle();
    v1::GetResponse reply;
    EXPECT_TRUE(reply.ParseFromString(bytes));
    return reply.kv().value();
  }
};

TEST_F(UnaryStateTest, ACallIsAnsweredFromBytesAlone) {
  v1::PutRequest put_request;
  put_request.set_key("k");
  put_request.set_value("v");
  const auto putting = row("Put").make_unary();
  std::string bytes;
  EXPECT_TRUE(call(*putting, put_request, bytes).ok());
  v1::PutResponse put_reply;
  ASSERT_TRUE(put_reply.ParseFromString(bytes));
  EXPECT_TRUE(put_reply.succeeded());
  EXPECT_EQ(get_by(*row("Get").make_unary(), "k"), "v");
}

TEST_F(UnaryStateTest, OnlyACallThatNeedsTheWriterMayWait) {
  const auto may_wait = [](std::string_view method, const std::string& bytes) {
    const auto state = row(method).make_unary();
    google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
    EXPECT_TRUE(state->parse(in, bytes.size()));
    return state->may_wait();
  };
  v1::GetRequest at_revision;
  at_revision.set_at_least_revision(1);
  EXPECT_FALSE(may_wait("Get", ""));
  EXPECT_TRUE(may_wait("Get", at_revision.SerializeAsString()));
  EXPECT_TRUE(may_wait("Put", ""));
  EXPECT_TRUE(may_wait("Publish", ""));
  EXPECT_FALSE(may_wait("Stats", ""));
  EXPECT_FALSE(may_wait("Health.Check", ""));
}

TEST_F(UnaryStateTest, SmallMessagesKeepTheirMemoryAndLargeOnesDoNot) {
  put("small", "v");
  put("large", std::string(8 << 20, 'v'));
  const auto state = row("Get").make_unary();
  get_by(*state, "small");
  EXPECT_GT(state->kept_bytes(), 0U);
  EXPECT_LT(state->kept_bytes(), 200U);
  EXPECT_EQ(get_by(*state, "large").size(), std::size_t{8} << 20);
  EXPECT_EQ(state->kept_bytes(), 0U);
  EXPECT_EQ(get_by(*state, "small"), "v");
}

TEST_F(UnaryStateTest, TheMemoryOfManyUsesIsBounded) {
  put("k", std::string(10'000, 'v'));
  const auto state = row("Get").make_unary();
  std::size_t most = 0;
  for (int i = 0; i < 50; ++i) {
    get_by(*state, "k");
    most = std::max(most, state->kept_bytes());
  }
  EXPECT_GT(most, 10'000U);
  EXPECT_LE(most, UnaryState::kKeptBytes);
}

TEST_F(UnaryStateTest, TheEmptyEntriesOfAMultiGetCount) {
  v1::MultiGetRequest request;
  for (int i = 0; i < 1'000; ++i) request.add_keys(std::string(1, 'k'));
  const auto state = row("MultiGet").make_unary();
  std::string bytes;
  EXPECT_TRUE(call(*state, request, bytes).ok());
  EXPECT_GT(state->kept_bytes(), UnaryState::kKeptBytes);
  state->recycle();
  EXPECT_EQ(state->kept_bytes(), 0U);
}

TEST_F(UnaryStateTest, AFullTransactionLeavesLittleRoomBehind) {
  v1::TxnRequest request;
  for (int i = 0; i < 1'024; ++i) {
    request.add_compare()->set_key("k");
    request.add_success()->mutable_get()->set_key("k");
    request.add_failure()->mutable_get()->set_key("k");
  }
  const auto state = row("Txn").make_unary();
  std::string bytes;
  EXPECT_TRUE(call(*state, request, bytes).ok());
  EXPECT_GE(state->pending.several.capacity(), 1'024U);
  state->recycle();
  EXPECT_EQ(state->kept_bytes(), 0U);
  EXPECT_LE(state->pending.several.capacity(), PendingCall::kKeptOpsOfTxn);
  EXPECT_LE(state->pending.otherwise_several.capacity(), PendingCall::kKeptOpsOfTxn);
  EXPECT_LE(state->pending.comparisons.capacity(), PendingCall::kKeptOpsOfTxn);
}

TEST_F(UnaryStateTest, AReplyThatWasNotSentIsFreed) {
  put("large", std::string(8 << 20, 'v'));
  v1::MultiGetRequest request;
  for (int i = 0; i < 3; ++i) request.add_keys("large");
  const auto state = row("MultiGet").make_unary();
  std::string bytes;
  EXPECT_EQ(call(*state, request, bytes).code, Code::kResourceExhausted);
  state->recycle();
  EXPECT_EQ(state->kept_bytes(), 0U);
}

TEST_F(UnaryStateTest, BytesThatDoNotParseAreRefused) {
  const auto state = row("Get").make_unary();
  const std::string broken = "\x0a\x7f broken";
  google::protobuf::io::ArrayInputStream in(broken.data(), static_cast<int>(broken.size()));
  EXPECT_FALSE(state->parse(in, broken.size()));
  state->recycle();
  EXPECT_EQ(state->kept_bytes(), 0U);
}

}  // namespace
}  // namespace flashkv::test
