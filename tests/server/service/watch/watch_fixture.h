// Watch streams over a store whose writer the test runs.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/service/watch/watch_hub.h"
#include "server/service/watch/watch_stream.h"
#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {

// Purpose: keeps completed calls until the test delivers them, as a front's inbox does.
class Inbox final : public CompletionSink {
 public:
  void complete(Request* first) noexcept override {
    while (first != nullptr) waiting_.push_back(std::exchange(first, first->next));
    ++wakes;
  }
  bool deliver() {
    if (waiting_.empty()) return false;
    auto& done = static_cast<PendingCall&>(*waiting_.front());
    waiting_.pop_front();
    done.waiter->resume(done);
    return true;
  }

  int wakes = 0;

 private:
  std::deque<Request*> waiting_;
};

class WatchTest : public ServicesTest {
 protected:
  static constexpr std::uint64_t kHistory = std::uint64_t{1} << 20;

  WatchTest() { begin(kHistory); }
  ~WatchTest() override { end(); }

  void begin(std::uint64_t history, RequestLimits request_limits = {}) {
    end();
    limits = request_limits;
    StoreOptions options;
    options.limits.watch_history_bytes = history;
    open(options);
    admin->count_watches_with(kv->watch_counts(), limits.max_watches);
    stream = open_stream();
  }
  void end() {
    stream.reset();
    more.clear();
    session.reset();
  }
  std::unique_ptr<FakeStream> open_stream() {
    auto opened = std::make_unique<FakeStream>(*session, inbox);
    opened->open(std::make_unique<WatchStream>(*opened));
    return opened;
  }

  // Everything moves until nothing does.
  void run() {
    do {
      stream->run();
      for (auto& each : more) each->run();
    } while (inbox.deliver());
    stream->run();
    for (auto& each : more) each->run();
  }
  void watch(const v1::WatchCreate& create) {
    v1::WatchRequest request;
    *request.mutable_create() = create;
    stream->send(request);
    run();
  }
  void watch_key(const std::string& key, std::uint64_t id, std::uint64_t from = 0) {
    v1::WatchCreate create;
    create.set_key(key);
    create.set_watch_id(id);
    create.set_start_revision(from);
    watch(create);
  }
  void watch_all(std::uint64_t id, std::uint64_t from = 0, bool prev = false) {
    v1::WatchCreate create;
    create.set_watch_id(id);
    create.set_start_revision(from);
    create.set_prev_kv(prev);
    watch(create);
  }
  void cancel(std::uint64_t id) {
    v1::WatchRequest request;
    request.mutable_cancel()->set_watch_id(id);
    stream->send(request);
    run();
  }
  void ask_progress() {
    v1::WatchRequest request;
    request.mutable_progress();
    stream->send(request);
    run();
  }
  void erase(const std::string& key) {
    v1::DeleteRequest request;
    request.set_key(key);
    DeskSubmission call(desk);
    ASSERT_TRUE(kv->erase(request, call).submitted);
    run_writer();
  }
  // One request, one revision.
  void write(const std::vector<std::pair<std::string, std::string>>& puts) {
    v1::WriteRequest request;
    for (const auto& [key, value] : puts) {
      v1::PutRequest& put = *request.add_ops()->mutable_put();
      put.set_key(key);
      put.set_value(value);
    }
    DeskSubmission call(desk);
    ASSERT_TRUE(kv->write(request, call).submitted);
    run_writer();
  }

  // A reply in a line: "1: created", "1: PUT a=2 @5, DELETE b @5 /5", "1: canceled OUT_OF_RANGE compact 7".
  static std::string words_of(const v1::WatchResponse& r) {
    std::string words = std::to_string(r.watch_id()) + ":";
    if (r.created()) words += " created";
    if (r.canceled()) words += " canceled " + std::to_string(r.cancel_code());
    if (r.compact_revision() != 0) words += " compact " + std::to_string(r.compact_revision());
    for (const v1::Event& e : r.events()) {
      static constexpr const char* kTypes[] = {" ?", " PUT ", " DELETE ", " EXPIRE "};
      words.append(kTypes[e.type()]).append(e.kv().key());
      if (e.type() == v1::EVENT_TYPE_PUT) words.append("=").append(e.kv().value(), 0, 8);
      if (e.has_prev_kv()) words.append(" (").append(e.prev_kv().value(), 0, 8).append(")");
      words.append(" @").append(std::to_string(e.kv().mod_revision()));
    }
    if (r.fragment()) words += " ...";
    return words + " /" + std::to_string(r.header().revision());
  }
  // Those that have arrived since the last call.
  std::vector<std::string> received() {
    std::vector<std::string> lines;
    const auto replies = stream->replies<v1::WatchResponse>();
    for (; seen_ < replies.size(); ++seen_) lines.push_back(words_of(replies[seen_]));
    return lines;
  }
  v1::WatchResponse last() { return stream->replies<v1::WatchResponse>().back(); }
  v1::StatsResponse stats() {
    v1::StatsResponse reply;
    EXPECT_TRUE(admin->stats(reply).ok());
    return reply;
  }

  Inbox inbox;
  std::unique_ptr<FakeStream> stream;
  std::vector<std::unique_ptr<FakeStream>> more;

 private:
  std::size_t seen_ = 0;
};

}  // namespace flashkv::test
