#include "server/service/pipeline_stream.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/service/kv_service.h"
#include "server/service/pipelined_call.h"

namespace flashkv {
namespace {

// Upper bound on what an answer takes in its message besides its own bytes.
constexpr std::size_t kFrameBytes = 8;

}  // namespace

void PipelineStream::on_open() { on_notice(); }

void PipelineStream::on_notice() {
  if (stream_.draining()) wind_up({Code::kUnavailable, "the server is draining"});
  go_on();
}

void PipelineStream::wind_up(Status why) {
  if (end_.ok()) end_ = std::move(why);
  no_more_ = true;
}

void PipelineStream::on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) {
  reading_ = false;
  if (!no_more_) {
    Message& read = take_message();
    read.size = size;
    read.came = stream_.session().meter().now();
    window_.admit(size);
    Status parsed = parse(bytes, *read.request);
    read.unanswered = read.request->calls_size();
    if (parsed.ok() && read.unanswered != 0) {
      to_start_.push_back(&read);
    } else {
      give_back(read);
    }
    if (!parsed.ok()) wind_up(std::move(parsed));
  }
  go_on();
}

void PipelineStream::on_end() {
  reading_ = false;
  no_more_ = true;
  go_on();
}

void PipelineStream::on_writable() {
  writing_ = false;
  if (stream_.gone()) no_more_ = true;
  go_on();
}

void PipelineStream::on_timer() {
  place(*blocked_, stream_.session().kv().retry(blocked_->pending));
  go_on();
}

void PipelineStream::on_completed(Submitted& done) {
  // Pins are few: one is not kept until there is room in a reply.
  if (done.pending.pin) {
    answer(done);
  } else {
    completed_.push_back(&done);
  }
  go_on();
}

void PipelineStream::go_on() {
  // Each reply that is handed to the transport makes room for the next.
  do {
    answer_completed();
    start_calls();
    answered_.settle(stream_.session().meter());
  } while (write());
  read_next();
  finish_when_done();
}

void PipelineStream::answer_completed() {
  while (!completed_.empty() && has_room()) {
    Submitted& done = *completed_.front();
    completed_.pop_front();
    answer(done);
  }
}

void PipelineStream::answer(Submitted& done) {
  v1::Answer& answer = next_answer();
  add_answer(done, finish(stream_.session(), *done.call, done.pending, answer), answer);
  give_back(done);
}

void PipelineStream::start_calls() {
  while (!to_start_.empty() && blocked_ == nullptr && has_room()) {
    Message& message = *to_start_.front();
    const v1::Call& call = message.request->calls(message.started);
    const bool holds_values = may_return_values(call);
    // Where a MultiGet needs a pin, one at a time: its answer cannot wait for room.
    const bool may_pin = call.has_multi_get() && !stream_.session().store().traits().atomic_batch;
    const std::size_t most_holding = may_pin ? 1 : kMaxHolding;
    if (calls_.size() >= kMaxPending || (holds_values && holding_ >= most_holding)) return;
    if (++message.started == message.request->calls_size()) to_start_.pop_front();
    start_call(message, call, holds_values);
  }
}

void PipelineStream::start_call(Message& message, const v1::Call& call, bool holds_values) {
  Submitted& started = take_call();
  started.message = &message;
  started.call = &call;
  started.holds_values = holds_values;
  holding_ += holds_values ? 1 : 0;
  started.pending.deadline = stream_.deadline();
  v1::Answer& answer = next_answer();
  const Started outcome = start(stream_.session(), call, answer, started.pending);
  if (!outcome.submitted && outcome.status.ok()) {  // a read
    add_answer(started, outcome.status, answer);
    give_back(started);
    return;
  }
  // The arena keeps what the answer holds.
  if (answer.answer_case() != v1::Answer::ANSWER_NOT_SET) wasted_ += answer.SpaceUsedLong();
  reply_->mutable_answers()->RemoveLast();
  place(started, outcome);
}

void PipelineStream::place(Submitted& call, const Started& outcome) {
  const bool again = blocked_ == &call;
  blocked_ = nullptr;
  if (outcome.submitted) return;
  if (stream_.session().kv().queue_was_full(outcome, call.pending)) {
    retry_ = again ? std::min(2 * retry_, kMaxRetry) : kRetry;
    blocked_ = &call;
    stream_.wake_after(retry_);
    return;
  }
  add_answer(call, outcome.status, next_answer());
  give_back(call);
}

v1::Answer& PipelineStream::next_answer() {
  if (reply_ == nullptr) reply_ = google::protobuf::Arena::CreateMessage<v1::PipelineResponse>(&reply_arena_);
  return *reply_->add_answers();
}

void PipelineStream::add_answer(const Submitted& call, const Status& status, v1::Answer& answer) {
  stream_.count(status.code);
  answer.set_id(call.call->id());
  if (!status.ok()) {
    if (answer.answer_case() != v1::Answer::ANSWER_NOT_SET) wasted_ += answer.SpaceUsedLong();
    answer.mutable_error()->set_code(static_cast<std::int32_t>(status.code));
    answer.mutable_error()->set_message(status.message);
  }
  const std::size_t bytes = answer.ByteSizeLong();
  reply_bytes_ += kFrameBytes + bytes;
  answered_.add(stream_.session().meter(),
                {.call = call.call, .came = call.message->came, .reply_bytes = bytes, .code = status.code});
}

bool PipelineStream::write() {
  if (reply_bytes_ == 0 || writing_) return false;
  if (!stream_.gone()) {
    stream_.session().kv().set_header(*reply_->mutable_header());
    writing_ = true;
    stream_.write(MessageBytes(*reply_), false);
  }
  reply_arena_.Reset();
  reply_ = nullptr;
  reply_bytes_ = wasted_ = 0;
  return true;
}

void PipelineStream::read_next() {
  const bool busy = reading_ || blocked_ != nullptr || !to_start_.empty();
  if (busy || no_more_ || !has_room() || !window_.has_room()) return;
  reading_ = true;
  stream_.read();
}

void PipelineStream::finish_when_done() {
  if (finished_ || !no_more_ || writing_ || !messages_.empty() || reply_bytes_ != 0) return;
  finished_ = true;
  stream_.finish(end_);
}

PipelineStream::Message& PipelineStream::take_message() {
  if (spare_messages_.empty()) spare_messages_.emplace_back();
  messages_.splice(messages_.end(), spare_messages_, spare_messages_.begin());
  Message& message = messages_.back();
  message.self = std::prev(messages_.end());
  message.request = google::protobuf::Arena::CreateMessage<v1::PipelineRequest>(&message.arena);
  message.started = 0;
  return message;
}

void PipelineStream::give_back(Message& message) {
  window_.release(message.size);
  answered_.settle(stream_.session().meter());
  message.arena.Reset();
  spare_messages_.splice(spare_messages_.end(), messages_, message.self);
  if (spare_messages_.size() > kKeptMessages) spare_messages_.pop_back();
}

PipelineStream::Submitted& PipelineStream::take_call() {
  if (spare_calls_.empty()) {
    Submitted& made = spare_calls_.emplace_back();
    made.owner = this;
    made.pending.waiter = &made;
    made.pending.sink = &stream_.completions();
  }
  calls_.splice(calls_.end(), spare_calls_, spare_calls_.begin());
  calls_.back().self = std::prev(calls_.end());
  return calls_.back();
}

void PipelineStream::give_back(Submitted& call) {
  holding_ -= call.holds_values ? 1 : 0;
  call.pending.clear(PendingCall::kKeptOpsOfTxn);
  if (--call.message->unanswered == 0) give_back(*call.message);
  spare_calls_.splice(spare_calls_.begin(), calls_, call.self);
  if (spare_calls_.size() > kKeptCalls) spare_calls_.pop_back();
}

}  // namespace flashkv
