// A stream without a transport: the test is the client, and decides when messages move.
#pragma once

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/service/server_stream.h"

namespace flashkv::test {

// Purpose: carries messages between a test and a StreamHandler, and checks that the handler keeps the
//          contract of ServerStream.
// Usage:   FakeStream stream(session, desk); stream.open(std::make_unique<WriteStream>(stream));
//          stream.send(request); stream.run(); ... stream.replies<v1::WriteResponse>()
// Threads: the test's.
class FakeStream final : public ServerStream {
 public:
  FakeStream(Session& session, CompletionSink& completions) : session_(session), completions_(completions) {}

  void open(std::unique_ptr<StreamHandler> handler) {
    handler_ = std::move(handler);
    handler_->on_open();
  }
  // Client actions; run() delivers them to the handler.
  void send(const google::protobuf::MessageLite& message) { sent_.push_back(message.SerializeAsString()); }
  void send_bytes(std::string bytes) { sent_.push_back(std::move(bytes)); }
  void end_side() { side_ended_ = true; }
  void leave() {
    gone_ = true;
    if (std::exchange(writing_, std::nullopt)) handler_->on_writable();
    if (!ended) tell_end();
  }
  // Server actions.
  void drain() {
    draining_ = true;
    handler_->on_notice();
  }
  void notice() { handler_->on_notice(); }
  void fire_timer() {
    ASSERT_TRUE(timer);
    timer.reset();
    handler_->on_timer();
  }
  // Delivers until nothing moves. While client_takes is false, a write stays in progress.
  void run() {
    for (std::size_t moves = 0; !ended && (deliver() || take()); ++moves) {
      ASSERT_LT(moves, kMostMoves) << "the handler never comes to rest";
    }
  }

  template <typename M>
  std::vector<M> replies() const {
    std::vector<M> all(taken_.size());
    for (std::size_t i = 0; i < taken_.size(); ++i) EXPECT_TRUE(all[i].ParseFromString(taken_[i]));
    return all;
  }
  std::size_t not_read() const { return sent_.size(); }
  bool delays_stop() const { return handler_->delays_stop(); }

  bool client_takes = true;
  std::optional<Status> ended;  // the status the handler finished with
  std::optional<Nanos> timer;   // the delay it is waiting for
  std::map<Code, int> counts;
  std::vector<bool> followed;  // of each write: whether another follows at once
  Nanos ends_at = kNever;      // the client's deadline

  void read() override {
    EXPECT_FALSE(reading_) << "one read at a time";
    EXPECT_FALSE(told_end_) << "nothing more will come";
    reading_ = true;
  }
  void write(MessageBytes bytes, bool more) override {
    EXPECT_TRUE(writable());
    followed.push_back(more);
    writing_.emplace(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  bool writable() const override { return !writing_ && !gone_; }
  std::size_t bytes_in_flight() const override { return writing_ ? writing_->size() : 0; }
  bool gone() const override { return gone_; }
  void finish(Status status) override {
    EXPECT_FALSE(ended) << "finished twice";
    EXPECT_FALSE(writing_) << "finished in the middle of a write";
    timer.reset();
    ended = std::move(status);
  }
  void wake_after(Nanos delay) override {
    EXPECT_FALSE(timer) << "one timer at a time";
    timer = delay;
  }
  void count(Code code) override { ++counts[code]; }
  Session& session() override { return session_; }
  CompletionSink& completions() override { return completions_; }
  Nanos deadline() const override { return ends_at; }
  bool draining() const override { return draining_; }

 private:
  static constexpr std::size_t kMostMoves = 10'000;

  void tell_end() {
    told_end_ = true;
    handler_->on_end();
  }
  bool deliver() {
    if (!reading_ || (sent_.empty() && !side_ended_)) return false;
    reading_ = false;
    if (sent_.empty()) {
      tell_end();
      return true;
    }
    const std::string bytes = std::move(sent_.front());
    sent_.pop_front();
    google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
    handler_->on_message(in, bytes.size());
    return true;
  }
  bool take() {
    if (!writing_ || !client_takes) return false;
    taken_.push_back(*std::exchange(writing_, std::nullopt));
    handler_->on_writable();
    return true;
  }

  Session& session_;
  CompletionSink& completions_;
  std::unique_ptr<StreamHandler> handler_;
  std::deque<std::string> sent_;
  std::vector<std::string> taken_;
  std::optional<std::string> writing_;
  bool reading_ = false;
  bool side_ended_ = false;
  bool told_end_ = false;
  bool gone_ = false;
  bool draining_ = false;
};

}  // namespace flashkv::test
