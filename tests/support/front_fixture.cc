#include "tests/support/front_fixture.h"

#include "server/service/method_table.h"
#include "tests/support/deadline.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace flashkv::test {

std::uint64_t held_bytes() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) return __sanitizer_get_current_allocated_bytes();
  malloc_trim(0);  // return freed memory, so that it does not count as held
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm").ignore(64, ' ') >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

FrontTest::FrontTest() {
  finish_within(std::chrono::seconds(90));  // longer than its clients' deadlines
  config.listen = "127.0.0.1:0";
  config.threads = 2;
  config.max_streams = 1'000;
  config.max_connections = 100;
}

void FrontTest::serve() {
  Status why;
  store = Store::open(config.store, why);
  ASSERT_NE(store, nullptr) << why.message;
  const Clock& clock = *config.store.clock;
  kv_service = std::make_unique<KvService>(*store, config.limits);
  admin_service = std::make_unique<AdminService>(*store, config.threads, config.limits);
  server = std::make_unique<GrpcServer>(config, Services{*store, *kv_service, *admin_service, health, clock});
  admin_service->count_requests_with([this] { return server->counts(); });
  health.set_serving(true);
  const Status started = server->start();
  ASSERT_TRUE(started.ok()) << started.message;
  channel = connect();
  kv = v1::KV::NewStub(channel);
  admin = v1::Admin::NewStub(channel);
}

void FrontTest::drain() {
  health.set_serving(false);
  server->begin_drain();
  store->stop(1'000 * kNanosPerMilli);
  EXPECT_TRUE(server->stop(10'000 * kNanosPerMilli)) << "a call that nobody makes was still in flight";
}

void FrontTest::stop() {
  if (server) drain();
  server.reset();
  store.reset();
}

std::shared_ptr<grpc::Channel> FrontTest::connect() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(server->address(), grpc::InsecureChannelCredentials(), arguments);
}

grpc::Status FrontTest::put(const std::string& key, const std::string& value) {
  Patient context;
  v1::PutRequest request;
  v1::PutResponse reply;
  request.set_key(key);
  request.set_value(value);
  return kv->Put(&context, request, &reply);
}

std::string FrontTest::get(const std::string& key) {
  Patient context;
  v1::GetRequest request;
  v1::GetResponse reply;
  request.set_key(key);
  const grpc::Status status = kv->Get(&context, request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply.has_kv() ? reply.kv().value() : "(none)";
}

std::uint64_t FrontTest::count(std::string_view method, Code code) const {
  return server->counts()[method_id(method)][static_cast<std::size_t>(code)];
}

}  // namespace flashkv::test
