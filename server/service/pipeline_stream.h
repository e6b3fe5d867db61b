// The Pipeline stream: many unary calls for the price of one message.
#pragma once

#include <google/protobuf/arena.h>

#include <cstdint>
#include <deque>
#include <list>

#include "flashkv/v1/kv.pb.h"
#include "server/service/answered_calls.h"
#include "server/service/pending_call.h"
#include "server/service/server_stream.h"
#include "server/service/window.h"

namespace flashkv {

// Purpose: starts the calls of each message in order and answers each as soon as it can: reads in place,
//          mutations when the writer has completed them. Whatever is ready goes into one reply, so a message
//          of reads is answered by one message. When the store's queue is full it stops, like a Write
//          stream, and starts the call again after kRetry, doubling the delay up to kMaxRetry.
// Usage:   named in a row of the method table; a front makes one for each stream.
// Threads: its session's.
// Lifetime: finishes when the client has ended its side and everything is answered, when the client is gone,
//          or when the server drains and what was read is answered; always after the writer has completed all
//          of its calls.
// Cost:    a call allocates in the arenas of its message and of the reply only, a mutation also uses a
//          PendingCall, which is kept for the next one. One allocation a reply.
// Limits:  kWindow messages and kWindowBytes (exceeded by at most one message) are read and not answered;
//          kMaxPending calls are with the writer, kMaxHolding of them such as return values. A reply is sent
//          once it has kReplyBytes, and exceeds that by one answer at most; no call is started meanwhile. A
//          message has kMaxCalls calls (pipelined_call.h).
// Errors:  a call that fails is answered with `error`, and the stream goes on. A message that is malformed
//          or too long ends it with INVALID_ARGUMENT once everything before it is answered.
class PipelineStream final : public StreamHandler {
 public:
  static constexpr std::size_t kWindow = 256;
  static constexpr std::size_t kWindowBytes = std::size_t{4} << 20;
  static constexpr std::size_t kMaxPending = 1'024;
  static constexpr std::size_t kMaxHolding = 8;
  static constexpr std::size_t kReplyBytes = std::size_t{1} << 20;
  static constexpr Nanos kRetry = 500 * kNanosPerMicro;
  static constexpr Nanos kMaxRetry = 8 * kNanosPerMilli;

  explicit PipelineStream(ServerStream& stream) : stream_(stream) {}
  PipelineStream(const PipelineStream&) = delete;
  PipelineStream& operator=(const PipelineStream&) = delete;

  void on_open() override;
  void on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) override;
  void on_writable() override;
  void on_end() override;
  void on_timer() override;
  void on_notice() override;

 private:
  // Idle objects that are kept for later calls.
  static constexpr std::size_t kKeptMessages = 4;
  static constexpr std::size_t kKeptCalls = 64;

  struct Message {
    google::protobuf::Arena arena;
    v1::PipelineRequest* request = nullptr;
    std::size_t size = 0;
    Nanos came = 0;
    int started = 0;     // calls
    int unanswered = 0;  // calls
    std::list<Message>::iterator self;
  };
  // A call that is with the writer, or was and is still to be answered.
  struct Submitted final : Continuation {
    void resume(PendingCall&) override { owner->on_completed(*this); }

    PipelineStream* owner = nullptr;
    Message* message = nullptr;
    const v1::Call* call = nullptr;
    bool holds_values = false;
    PendingCall pending;
    std::list<Submitted>::iterator self;
  };

  void on_completed(Submitted& done);
  // Starts whatever can start now: calls, the next write, the next read, or the end of the stream.
  void go_on();
  void answer_completed();
  void answer(Submitted& done);
  void start_calls();
  void start_call(Message& message, const v1::Call& call, bool holds_values);
  // Handles the result of submitting: waits for the writer, schedules a retry, or answers.
  void place(Submitted& call, const Started& outcome);
  void add_answer(const Submitted& call, const Status& status, v1::Answer& answer);
  // False: nothing to write, or the last write is still in progress.
  bool write();
  void read_next();
  void finish_when_done();
  // Stops reading; once everything read is answered, the stream ends with `why`.
  void wind_up(Status why);

  v1::Answer& next_answer();
  bool has_room() const { return reply_bytes_ + wasted_ < kReplyBytes; }
  Message& take_message();
  void give_back(Message& message);
  Submitted& take_call();
  void give_back(Submitted& call);

  ServerStream& stream_;
  Status end_;  // what the stream ends with
  std::list<Message> messages_;
  std::list<Message> spare_messages_;
  std::deque<Message*> to_start_;  // with calls that are not started yet
  std::list<Submitted> calls_;
  std::list<Submitted> spare_calls_;
  std::deque<Submitted*> completed_;  // to be answered
  AnsweredCalls answered_;
  Submitted* blocked_ = nullptr;  // waits for room in the queue
  google::protobuf::Arena reply_arena_;
  v1::PipelineResponse* reply_ = nullptr;
  std::size_t reply_bytes_ = 0;  // 0 = no answers
  std::size_t wasted_ = 0;       // by answers that became errors: the arena keeps them until the reply leaves
  Window window_{kWindow, kWindowBytes};
  std::size_t holding_ = 0;  // calls with the writer that return values
  bool reading_ = false;
  bool writing_ = false;
  bool no_more_ = false;  // nothing more will be read
  bool finished_ = false;
  Nanos retry_ = kRetry;  // the last delay, while blocked
};

}  // namespace flashkv
