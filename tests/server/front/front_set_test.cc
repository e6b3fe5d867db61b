#include "server/front/front_set.h"

#include <unistd.h>

#include <cstdio>

#include "server/service/method_table.h"
#include "tests/support/front_fixture.h"

namespace flashkv::test {
namespace {

// One store and its services behind a front on TCP and another on a unix socket.
class FrontSetTest : public FrontTest {
 protected:
  FrontSetTest() : path_(testing::TempDir() + "fronts." + std::to_string(getpid())) {}
  ~FrontSetTest() override {
    fronts_.stop(0);
    std::remove(path_.c_str());
  }
  // Over the store of `serve()`, whose own front stays out of it.
  void add(const std::string& listen) {
    Config& own = *configs_.emplace_back(std::make_unique<Config>(config));
    own.listen = listen;
    const Services services{*store, *kv_service, *admin_service, health, *config.store.clock};
    fronts_.add(std::make_unique<GrpcServer>(own, services));
  }
  std::unique_ptr<v1::KV::Stub> client(std::size_t front) {
    return v1::KV::NewStub(
        grpc::CreateChannel(fronts_.all()[front]->address(), grpc::InsecureChannelCredentials()));
  }
  std::uint64_t counted(std::string_view method) {
    return fronts_.counts()[method_id(method)][static_cast<std::size_t>(Code::kOk)];
  }

  const std::string path_;
  std::vector<std::unique_ptr<Config>> configs_;
  FrontSet fronts_;
};

TEST_F(FrontSetTest, TwoFrontsServeOneStoreAndAreCountedAndStoppedAsOne) {
  serve();
  run_writer();
  add("127.0.0.1:0");
  add("unix:" + path_);
  ASSERT_TRUE(fronts_.start().ok());
  kv = client(0);
  ASSERT_TRUE(put("k", "v").ok());
  EXPECT_EQ(get("k"), "v");
  kv = client(1);
  EXPECT_EQ(get("k"), "v");
  EXPECT_EQ(counted("Get"), 2U);
  EXPECT_EQ(counted("Put"), 1U);
  Patient context;
  auto stream = kv->Write(&context);
  v1::WriteRequest request;
  request.add_ops()->mutable_put()->set_key("k2");
  v1::WriteResponse reply;
  ASSERT_TRUE(stream->Write(request) && stream->Read(&reply));
  fronts_.begin_drain();
  store->stop(1'000 * kNanosPerMilli);
  EXPECT_TRUE(fronts_.stop(10'000 * kNanosPerMilli));
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(put("k", "v").error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(FrontSetTest, WhenOneCannotStartNoneServes) {
  serve();
  run_writer();
  add("unix:" + path_);
  add(server->address());
  const Status status = fronts_.start();
  EXPECT_EQ(status.code, Code::kUnavailable);
  EXPECT_NE(status.message.find(server->address()), std::string::npos) << status.message;
  kv = client(0);
  EXPECT_EQ(put("k", "v").error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace flashkv::test
