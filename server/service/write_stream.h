// The Write stream: the bulk-load path.
#pragma once

#include <google/protobuf/arena.h>

#include <array>
#include <cstdint>

#include "flashkv/v1/kv.pb.h"
#include "server/service/pending_call.h"
#include "server/service/server_stream.h"
#include "server/service/window.h"

namespace flashkv {

// Purpose: submits each message and answers in order of arrival. When the store's queue is full it stops
//          reading, so that flow control holds the client back, and submits the message again after kRetry,
//          doubling the delay up to kMaxRetry.
// Usage:   named in a row of the method table; a front makes one for each stream.
// Threads: its session's.
// Lifetime: finishes when the client has ended its side and everything is answered, when the client is gone,
//          or when the server drains; always after the writer has completed all of its calls.
// Cost:    one arena per message in flight, and one allocation per reply.
// Limits:  kWindow messages and kWindowBytes (exceeded by at most one message) are in flight.
// Errors:  a malformed message ends the stream with INVALID_ARGUMENT once everything before it is answered.
class WriteStream final : public StreamHandler {
 public:
  static constexpr std::size_t kWindow = 16;
  static constexpr std::size_t kWindowBytes = std::size_t{4} << 20;
  // First about as long as the writer takes for a batch or two, then longer.
  static constexpr Nanos kRetry = 500 * kNanosPerMicro;
  static constexpr Nanos kMaxRetry = 8 * kNanosPerMilli;

  explicit WriteStream(ServerStream& stream);
  WriteStream(const WriteStream&) = delete;
  WriteStream& operator=(const WriteStream&) = delete;

  void on_open() override;
  void on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) override;
  void on_writable() override;
  void on_end() override;
  void on_timer() override;
  void on_notice() override;

 private:
  // One message in flight: its memory, its pending call and its reply.
  struct Slot final : Continuation {
    void resume(PendingCall& done) override { owner->on_applied(*this, done.status); }
    void clear();

    WriteStream* owner = nullptr;
    google::protobuf::Arena arena;
    v1::WriteRequest* request = nullptr;
    std::size_t request_size = 0;
    Answered timed;
    PendingCall call;
    bool answered = false;
    MessageBytes reply;
  };

  void on_applied(Slot& slot, const Status& status);
  // Handles the result of submitting a message: waits for the writer, schedules a retry, or answers.
  void place(Slot& slot, const Started& outcome);
  void answer(Slot& slot, const Status& status);
  // Stops reading; once everything read is answered, the stream ends with `why`.
  void wind_up(Status why);
  // Starts whatever can start now: the next read, the next write, or the end of the stream.
  void go_on();
  void read_next();
  void write_next();
  void finish_when_done();
  void pop_oldest();
  Slot& slot(std::uint64_t index) { return slots_[index % kWindow]; }
  bool oldest_is_answered() { return oldest_ != next_ && slot(oldest_).answered; }

  ServerStream& stream_;
  Status end_;  // what the stream ends with
  std::array<Slot, kWindow> slots_;
  std::uint64_t oldest_ = 0;  // slots [oldest_, next_) are in use
  std::uint64_t next_ = 0;
  Window window_{kWindow, kWindowBytes};
  bool reading_ = false;
  bool writing_ = false;  // the oldest message's reply is being written
  bool blocked_ = false;  // the newest message is waiting for room in the queue
  bool no_more_ = false;  // nothing more will be read
  bool finished_ = false;
  Nanos retry_ = kRetry;  // the last delay, while blocked
};

}  // namespace flashkv
