#include "server/service/write_stream.h"

#include <algorithm>
#include <utility>

#include "server/service/kv_service.h"
#include "server/service/method_table.h"

namespace flashkv {
namespace {

const MethodId kWrite = method_id("Write");

}  // namespace

void WriteStream::Slot::clear() {
  call.clear();
  arena.Reset();
  request = nullptr;
  answered = false;
  reply = {};
}

WriteStream::WriteStream(ServerStream& stream) : stream_(stream) {
  for (Slot& each : slots_) {
    each.owner = this;
    each.call.waiter = &each;
    each.call.sink = &stream.completions();
  }
}

void WriteStream::on_open() { on_notice(); }

void WriteStream::on_notice() {
  if (stream_.draining()) wind_up({Code::kUnavailable, "the server is draining"});
  go_on();
}

void WriteStream::wind_up(Status why) {
  if (end_.ok()) end_ = std::move(why);
  no_more_ = true;
}

void WriteStream::on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) {
  reading_ = false;
  if (!no_more_) {
    Slot& read = slot(next_);
    read.timed = {.method = kWrite, .came = stream_.session().meter().now(), .request_bytes = size};
    read.request = google::protobuf::Arena::CreateMessage<v1::WriteRequest>(&read.arena);
    if (read.request->ParseFromZeroCopyStream(&bytes)) {
      ++next_;
      read.request_size = size;
      window_.admit(size);
      read.call.deadline = stream_.deadline();
      place(read, stream_.session().kv().write(*read.request, read.call));
    } else {
      read.clear();
      wind_up({Code::kInvalidArgument, "the message is not a WriteRequest"});
    }
  }
  go_on();
}

void WriteStream::on_end() {
  reading_ = false;
  no_more_ = true;
  go_on();
}

void WriteStream::place(Slot& slot, const Started& outcome) {
  if (outcome.submitted) {
    blocked_ = false;
  } else if (stream_.session().kv().queue_was_full(outcome, slot.call)) {
    retry_ = blocked_ ? std::min(2 * retry_, kMaxRetry) : kRetry;
    blocked_ = true;
    stream_.wake_after(retry_);
  } else {
    blocked_ = false;
    answer(slot, outcome.status);
  }
}

void WriteStream::on_timer() {
  Slot& newest = slot(next_ - 1);
  place(newest, stream_.session().kv().retry(newest.call));
  go_on();
}

void WriteStream::on_applied(Slot& slot, const Status& status) {
  answer(slot, status);
  go_on();
}

void WriteStream::answer(Slot& slot, const Status& status) {
  stream_.count(status.code);
  auto& reply = *google::protobuf::Arena::CreateMessage<v1::WriteResponse>(&slot.arena);
  stream_.session().kv().finish_write(*slot.request, status, slot.call, reply);
  // The writer has bounded its size (kMaxOutcomeBytes).
  MessageBytes bytes(reply);
  slot.clear();
  slot.reply = std::move(bytes);
  slot.timed.reply_bytes = slot.reply.size();
  slot.timed.code = status.code;
  stream_.session().meter().answered(slot.timed);
  slot.answered = true;
}

void WriteStream::go_on() {
  read_next();
  write_next();
  finish_when_done();
}

void WriteStream::read_next() {
  if (reading_ || no_more_ || blocked_ || !window_.has_room()) return;
  reading_ = true;
  stream_.read();
}

void WriteStream::write_next() {
  // Replies to a client that is gone are dropped.
  while (stream_.gone() && !writing_ && oldest_is_answered()) pop_oldest();
  if (writing_ || !stream_.writable() || !oldest_is_answered()) return;
  const bool more = oldest_ + 1 != next_ && slot(oldest_ + 1).answered;
  writing_ = true;
  stream_.write(std::move(slot(oldest_).reply), more);
}

void WriteStream::on_writable() {
  if (std::exchange(writing_, false)) pop_oldest();
  if (stream_.gone()) no_more_ = true;
  go_on();
}

void WriteStream::pop_oldest() {
  window_.release(slot(oldest_).request_size);
  slot(oldest_).clear();
  ++oldest_;
}

void WriteStream::finish_when_done() {
  if (finished_ || !no_more_ || writing_ || oldest_ != next_) return;
  finished_ = true;
  stream_.finish(end_);
}

}  // namespace flashkv
