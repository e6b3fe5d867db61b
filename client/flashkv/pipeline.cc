#include "client/flashkv/pipeline.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "client/flashkv/messages.h"
#include "client/flashkv/transport.h"

namespace flashkv::client {
namespace {

Error wrong_answer() {
  return {.code = Errc::kInternal, .message = "the server answered a call with another method's reply"};
}

template <typename R, typename Reply>
Result<R> take(Reply& reply) {
  const std::uint64_t revision = reply.header().revision();
  R result = result_of(std::move(reply));
  result.revision = revision;
  return result;
}

// Makes the result of the call that `done` belongs to.
struct Taker {
  v1::Answer& answer;

  Result<GetResult> of(GetResult*) const { return take<GetResult>(*answer.mutable_get()); }
  Result<MultiGetResult> of(MultiGetResult*) const {
    return take<MultiGetResult>(*answer.mutable_multi_get());
  }
  Result<PutResult> of(PutResult*) const { return take<PutResult>(*answer.mutable_put()); }
  Result<DeleteResult> of(DeleteResult*) const { return take<DeleteResult>(*answer.mutable_delete_()); }
  Result<ExpireResult> of(ExpireResult*) const { return take<ExpireResult>(*answer.mutable_expire()); }
  Result<IncrementResult> of(IncrementResult*) const {
    return take<IncrementResult>(*answer.mutable_increment());
  }
  Result<AppendResult> of(AppendResult*) const { return take<AppendResult>(*answer.mutable_append()); }
  Result<TxnResult> of(TxnResult*) const { return take<TxnResult>(*answer.mutable_txn()); }
};

}  // namespace

// A call's id is the number of its slot. A slot is free, or holds what is to be done with the answer:
//
//   free -> gathered -> sent -> free
struct Pipeline::Stream {
  // Either an answer, or the error that ended the stream.
  using Finish = std::function<void(v1::Answer*, const Error&)>;
  struct Slot {
    Finish finish;  // null = free
    v1::Answer::AnswerCase expected{};
    bool sent = false;
  };
  using Clock = std::chrono::steady_clock;

  Stream(Client& client, const Options& wanted)
      : options(wanted), patience(client.options().timeout), slots(wanted.window) {
    for (std::size_t i = slots.size(); i > 0; --i) free.push_back(i - 1);
    client.transport().prepare(context, std::chrono::milliseconds(0));
    call = client.transport().kv->Pipeline(&context);
    reader = std::thread([this] { read_answers(); });
    if (patience.count() > 0) watchdog = std::thread([this] { watch(); });
  }

  // Adds a call that `fill` writes into the message; sends the message when it is full. `expected` is the
  // answer's tag: the same number as the call's.
  template <typename R, typename Fill>
  bool add(Done<R>&& done, Fill fill) {
    Finish finish = [done = std::move(done)](v1::Answer* answer, const Error& error) {
      done(answer != nullptr ? Taker{*answer}.of(static_cast<R*>(nullptr)) : Result<R>(error));
    };
    if (!has_slot() && !flush()) return false;
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return ended || !free.empty(); });
    if (ended || closed) return false;
    const std::size_t id = free.back();
    free.pop_back();
    v1::Call& added = *gathered.add_calls();
    added.set_id(id);
    fill(added);
    bytes += added.ByteSizeLong();
    slots[id] = {std::move(finish), static_cast<v1::Answer::AnswerCase>(added.call_case()), false};
    lock.unlock();
    const bool full = static_cast<std::size_t>(gathered.calls_size()) >= options.calls_per_message ||
                      bytes >= options.bytes_per_message;
    // The call is taken, whatever becomes of the message.
    if (full) flush();
    return true;
  }

  bool has_slot() {
    const std::lock_guard lock(mutex);
    return !free.empty();
  }

  bool flush() {
    std::unique_lock lock(mutex);
    if (ended || closed) return false;
    if (gathered.calls().empty()) return true;
    if (!owed()) waiting_since = Clock::now();
    for (const v1::Call& each : gathered.calls()) slots[each.id()].sent = true;
    sent += static_cast<std::size_t>(gathered.calls_size());
    writing = true;
    lock.unlock();
    const bool written = call->Write(gathered);
    gathered.Clear();  // keeps the calls and their strings allocated
    bytes = 0;
    lock.lock();
    writing = false;
    changed.notify_all();
    return written && !ended;
  }

  bool drain() {
    if (!flush()) return false;
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return ended || !owed(); });
    return !owed() && !ended;
  }

  bool owed() const { return sent != 0; }  // needs the lock

  void read_answers() {
    v1::PipelineResponse message;
    bool sound = true;
    while (sound && call->Read(&message)) sound = take_answers(message);
    if (!sound) context.TryCancel();
    std::unique_lock lock(mutex);
    ended = true;  // nothing more is written
    changed.notify_all();
    over.notify_all();
    changed.wait(lock, [this] { return !writing; });
    lock.unlock();
    const grpc::Status status = call->Finish();
    fail_all(sound ? std::nullopt : std::optional(wrong_answer()), status);
  }

  // False: the message is not what this stream has asked for.
  bool take_answers(v1::PipelineResponse& message) {
    std::vector<std::pair<Finish, v1::Answer*>> known;
    bool sound = true;
    {
      const std::lock_guard lock(mutex);
      for (v1::Answer& answer : *message.mutable_answers()) {
        Slot* slot = answer.id() < slots.size() ? &slots[answer.id()] : nullptr;
        sound = slot != nullptr && slot->finish && slot->sent &&
                (answer.has_error() || answer.answer_case() == slot->expected);
        if (!sound) break;
        known.emplace_back(std::exchange(slot->finish, nullptr), &answer);
      }
    }
    for (auto& [finish, answer] : known) {
      if (answer->has_error()) {
        finish(nullptr, {.code = static_cast<Errc>(answer->error().code()),
                         .message = answer->error().message(),
                         .certainly_not_applied = true});
      } else {
        finish(answer, {});
      }
    }
    const std::lock_guard lock(mutex);
    for (const auto& [finish, answer] : known) free.push_back(answer->id());
    sent -= known.size();
    waiting_since = Clock::now();
    changed.notify_all();
    return sound;
  }

  // Ends every call that has no answer.
  void fail_all(std::optional<Error> why, const grpc::Status& status) {
    std::vector<Slot> lost;
    Error error;
    {
      const std::lock_guard lock(mutex);
      if (why && !broken) broken = why;
      if (!broken && !status.ok()) broken = error_of(status, &context);
      if (!broken && !closed)
        broken = Error{.code = Errc::kUnavailable, .message = "the server ended the stream"};
      for (Slot& slot : slots)
        if (slot.finish) lost.push_back(std::exchange(slot, {}));
      if (broken) error = *broken;
    }
    for (Slot& slot : lost) {
      error.certainly_not_applied = !slot.sent;
      slot.finish(nullptr, error);
    }
  }

  // Cancels the stream when the server stops answering: a stream has no deadline of its own.
  void watch() {
    std::unique_lock lock(mutex);
    while (!over.wait_for(lock, patience / 8 + std::chrono::milliseconds(1), [this] { return ended; })) {
      if (!(owed() || closed) || Clock::now() - waiting_since < patience) continue;
      if (!broken) broken = Error{.code = Errc::kDeadlineExceeded, .message = "the stream was canceled"};
      context.TryCancel();
      return;
    }
  }

  void join() {
    if (reader.joinable()) reader.join();
    if (watchdog.joinable()) watchdog.join();
  }

  const Options options;
  const std::chrono::milliseconds patience;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PipelineRequest, v1::PipelineResponse>> call;
  v1::PipelineRequest gathered;
  std::size_t bytes = 0;  // of `gathered`
  std::thread reader, watchdog;

  std::mutex mutex;
  std::condition_variable changed, over;
  std::vector<Slot> slots;
  std::vector<std::size_t> free;
  std::size_t sent = 0;             // calls sent and not answered
  Clock::time_point waiting_since;  // the last answer, or the first call after all were answered
  bool writing = false;
  bool closed = false;
  bool ended = false;  // no further answer will come
  std::optional<Error> broken;
};

Pipeline::Pipeline(Client& client, const Options& options) {
  Options sane = options;
  sane.window = std::max<std::size_t>(sane.window, 1);
  sane.calls_per_message = std::clamp<std::size_t>(sane.calls_per_message, 1, 10'000);
  stream_ = std::make_unique<Stream>(client, sane);
}

Pipeline::~Pipeline() {
  stream_->context.TryCancel();
  stream_->join();
}

bool Pipeline::get(std::string_view key, const GetOptions& options, Done<GetResult> done) {
  return stream_->add(std::move(done), [&](v1::Call& to) {
    v1::GetRequest& request = *to.mutable_get();
    request.mutable_key()->assign(key);
    request.set_keys_only(options.keys_only);
    request.set_at_least_revision(options.at_least_revision);
  });
}

bool Pipeline::multi_get(std::span<const std::string> keys, const GetOptions& options,
                         Done<MultiGetResult> done) {
  Done<MultiGetResult> checked = [done = std::move(done), asked = keys.size()](Result<MultiGetResult> got) {
    done(got && got->kvs.size() != asked ? wrong_answer() : std::move(got));
  };
  return stream_->add(std::move(checked), [&](v1::Call& to) {
    v1::MultiGetRequest& request = *to.mutable_multi_get();
    for (const std::string& key : keys) request.add_keys(key);
    request.set_keys_only(options.keys_only);
    request.set_at_least_revision(options.at_least_revision);
  });
}

bool Pipeline::put(std::string_view key, std::string_view value, const PutOptions& options,
                   Done<PutResult> done) {
  return stream_->add(std::move(done), [&](v1::Call& to) {
    v1::PutRequest& request = *to.mutable_put();
    request.mutable_key()->assign(key);
    request.mutable_value()->assign(value);
    fill(options, request);
    request.set_ack(to_wire(options.ack));
  });
}

bool Pipeline::del(std::string_view key, bool prev_kv, Ack ack, Done<DeleteResult> done) {
  return stream_->add(std::move(done), [&](v1::Call& to) {
    fill(DeleteOp{.key = std::string(key), .prev_kv = prev_kv}, *to.mutable_delete_());
    to.mutable_delete_()->set_ack(to_wire(ack));
  });
}

bool Pipeline::expire(std::string_view key, std::int64_t ttl_ms, Ack ack, Done<ExpireResult> done) {
  return stream_->add(std::move(done), [&](v1::Call& to) {
    fill(ExpireOp{.key = std::string(key), .ttl_ms = ttl_ms}, *to.mutable_expire());
    to.mutable_expire()->set_ack(to_wire(ack));
  });
}

bool Pipeline::increment(std::string_view key, std::int64_t delta, const IncrementOptions& options,
                         Done<IncrementResult> done) {
  return stream_->add(std::move(done), [&](v1::Call& to) {
    fill(IncrementOp{.key = std::string(key), .delta = delta, .options = options}, *to.mutable_increment());
    to.mutable_increment()->set_ack(to_wire(options.ack));
  });
}

bool Pipeline::append(std::string_view key, std::string_view value, Ack ack, Done<AppendResult> done) {
  return stream_->add(std::move(done), [&](v1::Call& to) {
    fill(AppendOp{.key = std::string(key), .value = std::string(value)}, *to.mutable_append());
    to.mutable_append()->set_ack(to_wire(ack));
  });
}

bool Pipeline::txn(const Txn& txn, Done<TxnResult> done) {
  return stream_->add(std::move(done), [&](v1::Call& to) { fill(txn, *to.mutable_txn()); });
}

bool Pipeline::flush() { return stream_->flush(); }
bool Pipeline::drain() { return stream_->drain(); }

std::optional<Error> Pipeline::close() {
  Stream& s = *stream_;
  if (s.reader.joinable()) {
    if (s.drain()) {
      {
        const std::lock_guard lock(s.mutex);
        s.closed = true;
        s.waiting_since = Stream::Clock::now();
      }
      s.call->WritesDone();
    }
    s.join();
  }
  return s.broken;
}

}  // namespace flashkv::client
