#include "server/service/kv_service.h"

#include "tests/support/engine_cases.h"
#include "tests/support/services_fixture.h"

namespace flashkv::test {
namespace {

using testing::HasSubstr;

TEST_F(ServicesTest, APutIsReadableOnceTheWriterHasPublishedIt) {
  v1::PutRequest request;
  request.set_key("color");
  request.set_value("blue");
  DeskSubmission call(desk);
  ASSERT_TRUE(kv->put(request, call).submitted);
  EXPECT_TRUE(desk.back.empty());
  EXPECT_FALSE(get("color").has_kv());
  run_writer();
  ASSERT_EQ(desk.back.size(), 1U);
  v1::PutResponse reply;
  ASSERT_TRUE(kv->finish_put(call, reply).ok());
  EXPECT_TRUE(reply.succeeded());
  EXPECT_EQ(reply.header().revision(), 1U);
  EXPECT_EQ(reply.header().store_id(), store->store_id());
  const v1::GetResponse got = get("color");
  EXPECT_EQ(got.header().revision(), 1U);
  EXPECT_EQ(got.header().store_id(), store->store_id());
  EXPECT_EQ(got.kv().key(), "color");
  EXPECT_EQ(got.kv().value(), "blue");
  EXPECT_EQ(got.kv().create_revision(), 1U);
  EXPECT_EQ(got.kv().mod_revision(), 1U);
  EXPECT_EQ(got.kv().version(), 1U);
  EXPECT_EQ(got.kv().expires_at_ms(), 0);
}

TEST_F(ServicesTest, EveryFieldOfAPutReachesTheStore) {
  put("k", "1");
  v1::PutRequest request;
  request.set_key("k");
  request.set_value("2");
  request.set_condition(v1::CONDITION_IF_ABSENT);
  EXPECT_FALSE(put(request).succeeded());
  request.set_condition(v1::CONDITION_IF_PRESENT);
  request.set_expected_mod_revision(7);
  request.set_prev_kv(true);
  v1::PutResponse refused = put(request);
  EXPECT_FALSE(refused.succeeded());
  EXPECT_EQ(refused.prev_kv().value(), "1") << "even if nothing is written";
  request.set_expected_mod_revision(1);
  request.set_ttl_ms(5'000);
  const v1::PutResponse written = put(request);
  EXPECT_TRUE(written.succeeded());
  EXPECT_EQ(written.prev_kv().value(), "1");
  EXPECT_EQ(written.prev_kv().mod_revision(), 1U);
  EXPECT_EQ(get("k").kv().expires_at_ms(), clock.now_ms() + 5'000);
  v1::PutRequest keep;
  keep.set_key("k");
  keep.set_value("3");
  keep.set_keep_ttl(true);
  EXPECT_TRUE(put(keep).succeeded());
  EXPECT_EQ(get("k").kv().expires_at_ms(), clock.now_ms() + 5'000);
  put("k", "4");
  EXPECT_EQ(get("k").kv().expires_at_ms(), 0) << "a plain Put drops the expiry";
}

TEST_F(ServicesTest, ExpectedRevisionZeroMeansAbsent) {
  v1::PutRequest request;
  request.set_key("k");
  request.set_expected_mod_revision(0);
  EXPECT_TRUE(put(request).succeeded());
  EXPECT_FALSE(put(request).succeeded());
}

TEST_F(ServicesTest, ARecycledReplyHoldsNothingFromItsLastUse) {
  put("a", "long value of a");
  put("b", "");
  v1::GetRequest request;
  v1::GetResponse reply;
  DeskSubmission call(desk);
  request.set_key("a");
  kv->get(*session, request, reply, call);
  request.set_key("b");
  kv->get(*session, request, reply, call);
  EXPECT_EQ(reply.kv().key(), "b");
  EXPECT_EQ(reply.kv().value(), "");
  EXPECT_EQ(reply.kv().mod_revision(), 2U);
  request.set_key("none");
  kv->get(*session, request, reply, call);
  EXPECT_FALSE(reply.has_kv());
  request.set_key("a");
  request.set_keys_only(true);
  kv->get(*session, request, reply, call);
  EXPECT_EQ(reply.kv().value(), "");
  EXPECT_EQ(reply.kv().mod_revision(), 1U);
}

TEST_F(ServicesTest, AMultiGetAnswersInOrderAndCleansItsRecycledReply) {
  put("a", "1");
  put("b", "2");
  v1::MultiGetRequest request;
  v1::MultiGetResponse reply;
  DeskSubmission call(desk);
  for (const char* key : {"b", "none", "a", "b"}) request.add_keys(key);
  ASSERT_TRUE(kv->multi_get(*session, request, reply, call).status.ok());
  ASSERT_EQ(reply.results_size(), 4);
  EXPECT_EQ(reply.results(0).kv().value(), "2");
  EXPECT_FALSE(reply.results(1).found());
  EXPECT_FALSE(reply.results(1).has_kv());
  EXPECT_EQ(reply.results(2).kv().key(), "a");
  EXPECT_EQ(reply.results(3).kv().value(), "2");
  EXPECT_EQ(reply.header().revision(), 2U);
  request.clear_keys();
  request.add_keys("a");
  request.set_keys_only(true);
  ASSERT_TRUE(kv->multi_get(*session, request, reply, call).status.ok());
  ASSERT_EQ(reply.results_size(), 1);
  EXPECT_TRUE(reply.results(0).found());
  EXPECT_EQ(reply.results(0).kv().key(), "a");
  EXPECT_EQ(reply.results(0).kv().value(), "");
  request.clear_keys();
  ASSERT_TRUE(kv->multi_get(*session, request, reply, call).status.ok());
  EXPECT_EQ(reply.results_size(), 0);
}

TEST_F(ServicesTest, AMultiGetReplyOfMoreThanSixteenMebibytesIsRefused) {
  put("large", std::string(8 << 20, 'v'));
  v1::MultiGetRequest request;
  v1::MultiGetResponse reply;
  DeskSubmission call(desk);
  request.add_keys("large");
  EXPECT_TRUE(kv->multi_get(*session, request, reply, call).status.ok());
  request.add_keys("large");
  const Started outcome = kv->multi_get(*session, request, reply, call);
  EXPECT_EQ(outcome.status.code, Code::kResourceExhausted);
  EXPECT_THAT(outcome.status.message, HasSubstr("16777216"));
}

TEST_F(ServicesTest, TheKeysOfAMultiGetReplyCountToo) {
  const std::string longest(Record::kMaxKeyBytes, 'k');
  put(longest, "");
  v1::MultiGetRequest request;
  v1::MultiGetResponse reply;
  DeskSubmission call(desk);
  request.set_keys_only(true);
  while (request.keys_size() < 255) request.add_keys(longest);
  EXPECT_TRUE(kv->multi_get(*session, request, reply, call).status.ok());
  EXPECT_LT(reply.ByteSizeLong(), std::size_t{16} << 20);
  request.add_keys(longest);
  EXPECT_EQ(kv->multi_get(*session, request, reply, call).status.code, Code::kResourceExhausted);
}

TEST_F(ServicesTest, AnEngineWithoutAtomicBatchesAndIndexAnswersOneKeyAtATime) {
  for (const EngineCase& engine : engine_cases()) {
    if (engine.name != "locked_map") continue;
    close();
    StoreOptions options;
    options.ordered_index = false;
    options.clock = &clock;
    TestTable made = engine.make(key_hash(options));
    adopt(Store::over(std::move(made.table), options));
    v1::MultiGetRequest request;
    v1::MultiGetResponse reply;
    DeskSubmission call(desk);
    request.add_keys("a");
    EXPECT_TRUE(kv->multi_get(*session, request, reply, call).status.ok());
    request.add_keys("b");
    const Started outcome = kv->multi_get(*session, request, reply, call);
    EXPECT_EQ(outcome.status.code, Code::kFailedPrecondition);
    EXPECT_THAT(outcome.status.message, HasSubstr(std::string(store->traits().name)));
    EXPECT_THAT(outcome.status.message, HasSubstr("atomic_batch"));
    close();
    return;
  }
  FAIL() << "none of the test engines lacks atomic batches";
}

TEST_F(ServicesTest, WithoutAtomicBatchesSeveralKeysComeFromAPinThatIsReturnedAtOnce) {
  StoreOptions options;
  options.engine = "relativistic";
  open(options);
  put("a", "1");
  put("b", "1");
  v1::MultiGetRequest request;
  v1::MultiGetResponse reply;
  DeskSubmission call(desk);
  request.add_keys("a");
  request.add_keys("b");
  ASSERT_TRUE(kv->multi_get(*session, request, reply, call).submitted);
  run_writer();
  put("b", "2");
  ASSERT_TRUE(kv->finish_multi_get(*session, request, call, reply).ok());
  EXPECT_EQ(reply.header().revision(), 2U);
  EXPECT_EQ(reply.results(1).kv().value(), "1") << "as it was when the pin was taken";
  run_writer();
  EXPECT_EQ(store->stats().writer.pins, 0U) << "before the reply is sent";
}

TEST_F(ServicesTest, AReadMayWaitForARevision) {
  StoreOptions on_the_tick;
  on_the_tick.policy = {.interval = 1'000 * kNanosPerMilli, .adaptive = false};
  open(on_the_tick);
  v1::PutRequest write;
  write.set_key("k");
  write.set_value("v");
  write.set_ack(v1::ACK_APPLIED);
  DeskSubmission written(desk);
  ASSERT_TRUE(kv->put(write, written).submitted);
  run_writer();
  ASSERT_EQ(store->assigned_revision(), 1U);
  ASSERT_EQ(store->published_revision(), 0U);

  v1::GetRequest request;
  v1::GetResponse reply;
  DeskSubmission waiting(desk);
  request.set_key("k");
  request.set_at_least_revision(2);
  const Started future = kv->get(*session, request, reply, waiting);
  EXPECT_EQ(future.status.code, Code::kOutOfRange);
  EXPECT_FALSE(future.submitted);
  request.set_at_least_revision(1);
  ASSERT_TRUE(kv->get(*session, request, reply, waiting).submitted);
  v1::MultiGetRequest many;
  v1::MultiGetResponse replies;
  DeskSubmission also_waiting(desk);
  many.add_keys("k");
  many.set_at_least_revision(1);
  ASSERT_TRUE(kv->multi_get(*session, many, replies, also_waiting).submitted);
  run_writer();
  EXPECT_EQ(desk.back.size(), 1U) << "only the Put";
  clock.advance(1'000 * kNanosPerMilli);
  run_writer();
  EXPECT_EQ(desk.back.size(), 3U);
  ASSERT_TRUE(kv->finish_get(*session, request, waiting, reply).ok());
  EXPECT_EQ(reply.kv().value(), "v");
  ASSERT_TRUE(kv->finish_multi_get(*session, many, also_waiting, replies).ok());
  EXPECT_EQ(replies.results(0).kv().value(), "v");
}

TEST_F(ServicesTest, AWaitForARevisionEndsAfterThirtySecondsOrAtTheDeadline) {
  StoreOptions never;
  never.policy = {.interval = Nanos{3600} * 1'000'000'000, .adaptive = false};
  open(never);
  v1::PutRequest write;
  write.set_key("k");
  write.set_ack(v1::ACK_APPLIED);
  DeskSubmission written(desk);
  ASSERT_TRUE(kv->put(write, written).submitted);
  run_writer();
  v1::GetRequest request;
  v1::GetResponse reply;
  request.set_key("k");
  request.set_at_least_revision(1);
  DeskSubmission patient(desk);
  DeskSubmission hasty(desk);
  hasty.deadline = clock.now() + kNanosPerMilli;
  ASSERT_TRUE(kv->get(*session, request, reply, patient).submitted);
  ASSERT_TRUE(kv->get(*session, request, reply, hasty).submitted);
  clock.advance(2 * kNanosPerMilli);
  run_writer();
  ASSERT_EQ(desk.back.back(), &hasty);
  EXPECT_EQ(kv->finish_get(*session, request, hasty, reply).code, Code::kDeadlineExceeded);
  clock.advance(30'000 * kNanosPerMilli);
  run_writer();
  ASSERT_EQ(desk.back.back(), &patient);
  EXPECT_EQ(kv->finish_get(*session, request, patient, reply).code, Code::kDeadlineExceeded);
}

TEST_F(ServicesTest, DeleteReportsWhetherTheKeyExisted) {
  put("k", "v");
  v1::DeleteRequest request;
  request.set_key("k");
  request.set_prev_kv(true);
  DeskSubmission call(desk);
  v1::DeleteResponse reply;
  ASSERT_TRUE(kv->erase(request, call).submitted);
  run_writer();
  ASSERT_TRUE(kv->finish_erase(call, reply).ok());
  EXPECT_EQ(reply.deleted(), 1U);
  ASSERT_EQ(reply.prev_kvs_size(), 1);
  EXPECT_EQ(reply.prev_kvs(0).value(), "v");
  EXPECT_EQ(reply.header().revision(), 2U);
  call.clear();
  ASSERT_TRUE(kv->erase(request, call).submitted);
  run_writer();
  ASSERT_TRUE(kv->finish_erase(call, reply).ok());
  EXPECT_EQ(reply.deleted(), 0U);
  EXPECT_EQ(reply.prev_kvs_size(), 0);
  EXPECT_EQ(reply.header().revision(), 2U) << "nothing changed, no revision";
}

TEST_F(ServicesTest, KeysValuesAndTheirNumberAreBoundedAsTheStoreAndTheServerWereTold) {
  StoreOptions narrow;
  narrow.limits = {.max_key_bytes = 3, .max_value_bytes = 4};
  limits.max_multiget_keys = 1;
  open(narrow);
  put("key", "1234");
  v1::PutRequest request;
  DeskSubmission call(desk);
  request.set_key("key");
  request.set_value("12345");
  EXPECT_EQ(kv->put(request, call).status.message, "value: 5 bytes, the limit is 4");
  request.set_key("keys");
  EXPECT_EQ(kv->put(request, call).status.message, "key: 4 bytes, the limit is 3");
  v1::MultiGetRequest many;
  v1::MultiGetResponse reply;
  many.add_keys("keys");
  EXPECT_EQ(kv->multi_get(*session, many, reply, call).status.message, "keys: 4 bytes, the limit is 3");
  many.add_keys("key");
  EXPECT_EQ(kv->multi_get(*session, many, reply, call).status.message, "keys: 2, the limit is 1");
}

TEST_F(ServicesTest, AFullQueueRefusesAtOnceAndChangesNothing) {
  StoreOptions narrow;
  narrow.limits.max_queue_requests = 1;
  open(narrow);
  v1::PutRequest request;
  request.set_key("k");
  request.set_value("first");
  DeskSubmission first(desk);
  DeskSubmission second(desk);
  ASSERT_TRUE(kv->put(request, first).submitted);
  v1::PutRequest late = request;
  late.set_value("second");
  const Started refused = kv->put(late, second);
  EXPECT_FALSE(refused.submitted);
  EXPECT_EQ(refused.status.code, Code::kResourceExhausted);
  EXPECT_THAT(refused.status.message, HasSubstr("max-queue-requests 1"));
  run_writer();
  EXPECT_EQ(get("k").kv().value(), "first");
}

TEST_F(ServicesTest, ARequestPastItsDeadlineIsNotApplied) {
  v1::PutRequest request;
  request.set_key("k");
  DeskSubmission call(desk);
  call.deadline = clock.now() + kNanosPerMilli;
  ASSERT_TRUE(kv->put(request, call).submitted);
  clock.advance(2 * kNanosPerMilli);
  run_writer();
  v1::PutResponse reply;
  EXPECT_EQ(kv->finish_put(call, reply).code, Code::kDeadlineExceeded);
  EXPECT_FALSE(call.applied);
  EXPECT_FALSE(get("k").has_kv());
}

TEST_F(ServicesTest, AStoppedStoreStillReadsAndRefusesToWrite) {
  put("k", "v");
  store->stop(0);
  EXPECT_EQ(get("k").kv().value(), "v");
  v1::PutRequest request;
  request.set_key("k");
  DeskSubmission call(desk);
  EXPECT_EQ(kv->put(request, call).status.code, Code::kUnavailable);
}

}  // namespace
}  // namespace flashkv::test
