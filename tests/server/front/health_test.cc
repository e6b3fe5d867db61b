#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/support/front_fixture.h"

namespace flashkv::test {
namespace {

namespace pb = grpc::health::v1;
using Answer = pb::HealthCheckResponse;

class HealthTest : public FrontTest {
 protected:
  void SetUp() override {
    serve();
    run_writer();
    stub = pb::Health::NewStub(channel);
  }
  static pb::HealthCheckRequest named(const std::string& name) {
    pb::HealthCheckRequest request;
    request.set_service(name);
    return request;
  }
  std::unique_ptr<pb::Health::Stub> stub;
};

TEST_F(HealthTest, CheckKnowsTheServerAndItsService) {
  for (const char* name : {"", "flashkv.v1.KV"}) {
    Patient context;
    Answer answer;
    ASSERT_TRUE(stub->Check(&context, named(name), &answer).ok()) << name;
    EXPECT_EQ(answer.status(), Answer::SERVING);
  }
  Patient context;
  Answer answer;
  EXPECT_EQ(stub->Check(&context, named("other"), &answer).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthTest, WatchReportsEachChangeOnceAndThenTheDrain) {
  Patient context;
  auto watch = stub->Watch(&context, named(""));
  Answer answer;
  ASSERT_TRUE(watch->Read(&answer));
  EXPECT_EQ(answer.status(), Answer::SERVING);
  drain();
  ASSERT_TRUE(watch->Read(&answer));
  EXPECT_EQ(answer.status(), Answer::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&answer));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthTest, WatchOfAnUnknownNameSaysSoAndStaysOpen) {
  Patient context;
  auto watch = stub->Watch(&context, named("other"));
  Answer answer;
  ASSERT_TRUE(watch->Read(&answer));
  EXPECT_EQ(answer.status(), Answer::SERVICE_UNKNOWN);
  context.TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(HealthTest, WatchersComeAndGo) {
  for (int i = 0; i < 30; ++i) {
    Patient context;
    auto watch = stub->Watch(&context, named("flashkv.v1.KV"));
    Answer answer;
    ASSERT_TRUE(watch->Read(&answer));
    context.TryCancel();
    watch->Finish();
  }
  EXPECT_EQ(count("Health.Watch", Code::kOk), 30U);
}

}  // namespace
}  // namespace flashkv::test
