#include "server/front/front_set.h"

#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "server/service/method_table.h"
#include "tests/support/front_fixture.h"

namespace flashkv::test {
namespace {

// One store and its services behind two fronts, one on TCP and one on a unix socket.
class FrontSetTest : public FrontTest {
 protected:
  FrontSetTest() : path_(testing::TempDir() + "fronts." + std::to_string(getpid())) {}
  ~FrontSetTest() override {
    fronts_.stop(0);
    std::remove(path_.c_str());
  }
  // Adds a front over the store that serve() made; serve()'s own front is not part of the set.
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

TEST_F(FrontSetTest, IfOneFrontCannotStartNoneServes) {
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

// What the fronts of one set were asked to do, in order.
struct FrontLog {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> lines;
  std::size_t stopping = 0;
  std::size_t all = 0;  // stop() returns once this many fronts are in theirs
};

// A front without a transport.
class ScriptedFront final : public Front {
 public:
  ScriptedFront(std::string name, FrontLog& log, bool starts = true, bool answers = true)
      : name_(std::move(name)), log_(log), starts_(starts), answers_(answers) {}

  Status start() override {
    log_.lines.push_back(name_ + " starts");
    return starts_ ? Status{} : Status{Code::kUnavailable, name_};
  }
  const std::string& address() const override { return name_; }
  MethodCounts counts() const override { return {}; }
  void begin_drain() override { log_.lines.push_back(name_ + " drains"); }
  bool stop(Nanos patience) override {
    std::unique_lock lock(log_.mutex);
    log_.lines.push_back(name_ + " stops " + std::to_string(patience));
    ++log_.stopping;
    log_.changed.notify_all();
    EXPECT_TRUE(log_.changed.wait_for(lock, std::chrono::seconds(20), [this] {
      return log_.stopping >= log_.all;
    })) << "the others do not stop meanwhile";
    return answers_;
  }

 private:
  const std::string name_;
  FrontLog& log_;
  const bool starts_;
  const bool answers_;
};

// A front that looks at the server each time it is asked for something.
class WatchingFront final : public Front {
 public:
  WatchingFront(const HealthState& health, Store& store, std::vector<std::string>& seen)
      : health_(health), store_(store), seen_(seen) {}
  Status start() override { return {}; }
  const std::string& address() const override { return address_; }
  MethodCounts counts() const override { return {}; }
  void begin_drain() override { look("drain"); }
  bool stop(Nanos) override {
    look("stop");
    return true;
  }

 private:
  void look(std::string line) {
    line += health_.serving() ? " serving" : "";
    Call call(RequestKind::kPublish);
    call.sink = &sink_;
    line += store_.submit(call).ok() ? " accepted" : " refused";
    store_.step();
    seen_.push_back(std::move(line));
  }

  const HealthState& health_;
  Store& store_;
  std::vector<std::string>& seen_;
  const std::string address_;
  CountingSink sink_;
};

TEST(FrontSet, HealthSaysNotServingBeforeAnythingIsRefused) {
  Status why;
  const std::unique_ptr<Store> store = Store::open({}, why);
  ASSERT_NE(store, nullptr) << why.message;
  HealthState health;
  health.set_serving(true);
  std::vector<std::string> seen;
  FrontSet fronts;
  fronts.add(std::make_unique<WatchingFront>(health, *store, seen));
  EXPECT_TRUE(fronts.drain(health, *store, system_clock(), kNanosPerMilli));
  EXPECT_THAT(seen, testing::ElementsAre("drain accepted", "stop refused"));
}

TEST(FrontSet, WhenOneCannotStartThoseBeforeItAreStoppedAndTheOthersLeftAlone) {
  FrontLog log;
  FrontSet fronts;
  for (const char* name : {"a", "b", "c", "d"}) {
    fronts.add(std::make_unique<ScriptedFront>(name, log, std::string(name) != "c"));
  }
  EXPECT_EQ(fronts.start().message, "c");
  EXPECT_THAT(log.lines, testing::ElementsAre("a starts", "b starts", "c starts", "a stops 0", "b stops 0"));
}

TEST(FrontSet, EachIsDrainedAndAllAreStoppedAtTheSameTimeWithTheSamePatience) {
  FrontLog log;
  FrontSet fronts;
  log.all = 3;
  for (const char* name : {"a", "b", "c"}) fronts.add(std::make_unique<ScriptedFront>(name, log));
  fronts.begin_drain();
  EXPECT_THAT(log.lines, testing::ElementsAre("a drains", "b drains", "c drains"));
  log.lines.clear();
  EXPECT_TRUE(fronts.stop(7));
  EXPECT_THAT(log.lines, testing::UnorderedElementsAre("a stops 7", "b stops 7", "c stops 7"));
}

TEST(FrontSet, OneThatHadToCancelCallsIsReportedWhicheverItIs) {
  for (const char* cut : {"a", "b"}) {
    FrontLog log;
    FrontSet fronts;
    for (const char* name : {"a", "b"}) {
      fronts.add(std::make_unique<ScriptedFront>(name, log, true, std::string(name) != cut));
    }
    EXPECT_FALSE(fronts.stop(0)) << cut;
  }
}

}  // namespace
}  // namespace flashkv::test
