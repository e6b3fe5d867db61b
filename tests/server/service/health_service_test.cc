#include "server/service/health_service.h"

#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {
namespace {

namespace pb = grpc::health::v1;
using Answer = pb::HealthCheckResponse;
using testing::ElementsAre;

class HealthServiceTest : public ServicesTest {
 protected:
  HealthServiceTest() : stream(*session, desk) {
    health.set_serving(true);
    stream.open(std::make_unique<HealthWatch>(stream));
  }
  static pb::HealthCheckRequest named(const std::string& name) {
    pb::HealthCheckRequest request;
    request.set_service(name);
    return request;
  }
  std::vector<int> told() {
    stream.run();
    std::vector<int> all;
    for (const Answer& answer : stream.replies<Answer>()) all.push_back(answer.status());
    return all;
  }

  FakeStream stream;
};

TEST_F(HealthServiceTest, CheckKnowsTheServerAndItsServiceOnly) {
  Answer answer;
  EXPECT_TRUE(check_health(health, named(""), answer).status.ok());
  EXPECT_EQ(answer.status(), Answer::SERVING);
  health.set_serving(false);
  EXPECT_TRUE(check_health(health, named("flashkv.v1.KV"), answer).status.ok());
  EXPECT_EQ(answer.status(), Answer::NOT_SERVING);
  EXPECT_EQ(check_health(health, named("other"), answer).status.code, Code{5});
}

TEST_F(HealthServiceTest, AJournalThatFailsHasANameOfItsOwn) {
  Answer answer;
  EXPECT_EQ(check_health(health, named("flashkv.journal"), answer).status.code, Code{5}) << "memory only";
  health.set_journal(true);
  EXPECT_TRUE(check_health(health, named("flashkv.journal"), answer).status.ok());
  EXPECT_EQ(answer.status(), Answer::SERVING);
  health.set_journal(false);
  EXPECT_TRUE(check_health(health, named("flashkv.journal"), answer).status.ok());
  EXPECT_EQ(answer.status(), Answer::NOT_SERVING);
  EXPECT_TRUE(check_health(health, named(""), answer).status.ok());
  EXPECT_EQ(answer.status(), Answer::SERVING) << "reads go on";
  health.set_journal(true);
  health.set_serving(false);
  EXPECT_TRUE(check_health(health, named("flashkv.journal"), answer).status.ok());
  EXPECT_EQ(answer.status(), Answer::NOT_SERVING) << "it is stopping";
}

TEST_F(HealthServiceTest, AWatcherOfTheJournalGetsItsChanges) {
  health.set_journal(true);
  stream.send(named("flashkv.journal"));
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING));
  health.set_journal(false);
  stream.fire_timer();
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING, Answer::NOT_SERVING));
  health.set_journal(true);
  stream.fire_timer();
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING, Answer::NOT_SERVING, Answer::SERVING));
}

TEST_F(HealthServiceTest, AWatcherGetsEachChangeOnce) {
  EXPECT_THAT(told(), ElementsAre()) << "it has not named a service yet";
  stream.send(named(""));
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING));
  stream.notice();
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING)) << "nothing has changed";
  health.set_serving(false);
  stream.notice();
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING, Answer::NOT_SERVING));
  EXPECT_EQ(stream.counts[Code::kOk], 1);
}

TEST_F(HealthServiceTest, AWatcherGetsNotServingBeforeItsStreamEnds) {
  stream.send(named("flashkv.v1.KV"));
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING));
  health.set_serving(false);
  stream.drain();
  EXPECT_FALSE(stream.ended);
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING, Answer::NOT_SERVING));
  ASSERT_TRUE(stream.ended);
  EXPECT_EQ(stream.ended->code, Code::kUnavailable);
}

TEST_F(HealthServiceTest, AnUnknownNameIsReportedAsUnknownAndStaysWatched) {
  stream.send(named("other"));
  EXPECT_THAT(told(), ElementsAre(Answer::SERVICE_UNKNOWN));
  health.set_serving(false);
  stream.notice();
  EXPECT_THAT(told(), ElementsAre(Answer::SERVICE_UNKNOWN));
  EXPECT_FALSE(stream.ended);
}

TEST_F(HealthServiceTest, AWatcherThatDoesNotReadGetsOnlyTheLatestState) {
  stream.client_takes = false;
  stream.send(named(""));
  stream.run();
  health.set_serving(false);
  stream.notice();
  health.set_serving(true);
  stream.notice();
  stream.client_takes = true;
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING));
}

TEST_F(HealthServiceTest, AWatcherThatIsGoneEndsItsStream) {
  stream.send(named(""));
  EXPECT_THAT(told(), ElementsAre(Answer::SERVING));
  stream.leave();
  EXPECT_TRUE(stream.ended);
}

TEST_F(HealthServiceTest, AWatcherThatLeavesBeforeItAsksEndsItsStreamOnce) {
  stream.leave();
  EXPECT_TRUE(stream.ended);
}

TEST_F(HealthServiceTest, AStopDoesNotWaitForWatchers) { EXPECT_FALSE(stream.delays_stop()); }

TEST_F(HealthServiceTest, MalformedOrMissingRequestsAreInvalid) {
  stream.send_bytes("\x0a\x7f broken");
  stream.run();
  ASSERT_TRUE(stream.ended);
  EXPECT_EQ(stream.ended->code, Code::kInvalidArgument);
  FakeStream silent(*session, desk);
  silent.open(std::make_unique<HealthWatch>(silent));
  silent.end_side();
  silent.run();
  ASSERT_TRUE(silent.ended);
  EXPECT_EQ(silent.ended->code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace flashkv::test
