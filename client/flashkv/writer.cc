#include "client/flashkv/writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "client/flashkv/messages.h"
#include "client/flashkv/transport.h"

namespace flashkv::client {

// Requests are numbered from 0; request n uses slot n % slots. Requests `answered` to `sent` - 1 are
// unanswered, at most `window` of them. Nothing is sent between a rejected answer and take_rejection(), so
// the rejected request and everything sent after it still have their slots then, and one of the window + 1
// slots is always free for the request being filled.
//
//        answered          |  unanswered: at most window  |  being filled
//   0 ...               answered ...                    sent
struct Writer::Stream {
  struct Slot {
    v1::WriteRequest request;
    std::vector<std::uint64_t> tags;
    std::size_t bytes = 0;
    std::optional<Error> rejected;
  };

  using Clock = std::chrono::steady_clock;

  Stream(Client& client, const Options& wanted)
      : options(wanted), patience(client.options().timeout), slots(wanted.window + 1) {
    client.transport().prepare(context, std::chrono::milliseconds(0));
    call = client.transport().kv->Write(&context);
    reader = std::thread([this] { read_answers(); });
    if (patience.count() > 0) watchdog = std::thread([this] { watch(); });
  }

  Slot& filling() { return slots[sent % slots.size()]; }
  bool halted() const { return finished || broken.has_value() || first_rejected.has_value(); }

  void read_answers() {
    v1::WriteResponse answer;
    while (call->Read(&answer)) {
      const std::lock_guard lock(mutex);
      Slot& slot = slots[answered % slots.size()];
      if (answer.request_id() != answered || answered == sent) {
        broken = Error{.code = Errc::kInternal, .message = "the server answered out of order"};
        context.TryCancel();
        break;
      }
      slot.rejected.reset();
      if (answer.has_error()) {
        slot.rejected = Error{.code = static_cast<Errc>(answer.error().code()),
                              .message = answer.error().message(),
                              .certainly_not_applied = true};
        if (!first_rejected) first_rejected = answered;
      } else if (!first_rejected) {
        acknowledged += slot.tags.size();
        revision = answer.header().revision();
      }
      ++answered;
      waiting_since = Clock::now();
      changed.notify_all();
    }
    const std::lock_guard lock(mutex);
    ended = true;
    changed.notify_all();
    over.notify_all();
  }

  // Cancels the stream when the server stops reading or answering: a stream has no deadline of its own, and a
  // write blocks for as long as the server does not read.
  void watch() {
    std::unique_lock lock(mutex);
    while (!over.wait_for(lock, patience / 8 + std::chrono::milliseconds(1), [this] { return ended; })) {
      const bool owed = sent != answered || closing;
      if (!owed || Clock::now() - waiting_since < patience) continue;
      if (!broken) broken = Error{.code = Errc::kDeadlineExceeded, .message = "the stream was canceled"};
      context.TryCancel();
      return;
    }
  }

  // Joins the threads, which end once the stream is over or canceled, and ends the call. Called once.
  grpc::Status finish() {
    reader.join();
    if (watchdog.joinable()) watchdog.join();
    finished = true;
    return call->Finish();
  }

  // Records why the stream ended before it was closed.
  void note_broken() {
    if (finished) return;
    const grpc::Status status = finish();
    const std::lock_guard lock(mutex);
    if (broken) return;
    broken = status.ok() ? Error{.code = Errc::kUnavailable, .message = "the server ended the stream"}
                         : error_of(status, &context);
  }

  // Sends the request being filled once the window has room for it. After a rejection it stays where it is,
  // for take_rejection() to hand back.
  bool send() {
    Slot& slot = filling();
    if (slot.tags.empty()) return true;
    slot.request.set_request_id(sent);
    slot.request.set_ack(to_wire(options.ack));
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return ended || first_rejected || sent - answered < options.window; });
    if (first_rejected) return false;
    if (sent == answered) waiting_since = Clock::now();
    ++sent;  // before the write: the answer may arrive before Write() returns
    const bool dead = ended;
    lock.unlock();
    if (dead || !call->Write(slot.request)) {
      note_broken();
      return false;
    }
    reset(filling());
    return true;
  }

  static void reset(Slot& slot) {
    slot.request.Clear();  // keeps the operations and their strings allocated
    slot.tags.clear();
    slot.bytes = 0;
  }

  void add_items(const Slot& slot, std::vector<Item>& to) const {
    for (int i = 0; i < slot.request.ops_size(); ++i) {
      const v1::PutRequest& put = slot.request.ops(i).put();
      to.push_back({.key = put.key(),
                    .value = put.value(),
                    .ttl_ms = put.ttl_ms(),
                    .tag = slot.tags[static_cast<std::size_t>(i)]});
    }
  }

  const Options options;
  const std::chrono::milliseconds patience;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::WriteRequest, v1::WriteResponse>> call;
  std::vector<Slot> slots;
  std::thread reader, watchdog;
  bool finished = false;  // Finish() was called; used by the caller's thread only

  std::mutex mutex;
  std::condition_variable changed, over;
  std::uint64_t sent = 0;           // the request being filled
  std::uint64_t answered = 0;       // the next request to be answered
  Clock::time_point waiting_since;  // start of the wait for the next answer
  bool closing = false;
  std::optional<std::uint64_t> first_rejected;
  std::uint64_t acknowledged = 0, revision = 0;
  bool ended = false;  // no further answer will come
  std::optional<Error> broken;
};

Writer::Writer(Client& client, const Options& options) {
  Options sane = options;
  sane.ops_per_request = std::clamp<std::size_t>(sane.ops_per_request, 1, 10'000);
  sane.window = std::max<std::size_t>(sane.window, 1);
  stream_ = std::make_unique<Stream>(client, sane);
}

Writer::~Writer() {
  Stream& s = *stream_;
  if (s.finished) return;
  s.context.TryCancel();
  s.finish();
}

bool Writer::put(std::string_view key, std::string_view value, std::int64_t ttl_ms, std::uint64_t tag) {
  Stream& s = *stream_;
  {
    const std::lock_guard lock(s.mutex);
    if (s.halted()) return false;
  }
  Stream::Slot& slot = s.filling();
  v1::PutRequest& put = *slot.request.add_ops()->mutable_put();
  put.mutable_key()->assign(key);
  put.mutable_value()->assign(value);
  put.set_ttl_ms(ttl_ms);
  slot.tags.push_back(tag);
  slot.bytes += key.size() + value.size();
  // The put is taken whatever flush() returns; the next call reports a rejection.
  if (slot.tags.size() >= s.options.ops_per_request || slot.bytes >= s.options.bytes_per_request) flush();
  return true;
}

bool Writer::flush() {
  Stream& s = *stream_;
  {
    const std::lock_guard lock(s.mutex);
    if (s.halted()) return false;
  }
  return s.send();
}

bool Writer::drain() {
  if (!flush()) return false;
  Stream& s = *stream_;
  std::unique_lock lock(s.mutex);
  s.changed.wait(lock, [&s] { return s.ended || s.answered == s.sent; });
  if (s.answered == s.sent) return !s.first_rejected;
  lock.unlock();
  s.note_broken();
  return false;
}

std::optional<Writer::Rejection> Writer::take_rejection() {
  Stream& s = *stream_;
  std::unique_lock lock(s.mutex);
  if (!s.first_rejected || s.broken) return std::nullopt;
  s.changed.wait(lock, [&s] { return s.ended || s.answered == s.sent; });
  if (s.answered != s.sent) {
    lock.unlock();
    s.note_broken();
    return std::nullopt;
  }
  const std::uint64_t at = *s.first_rejected;
  Rejection rejection;
  rejection.error = *s.slots[at % s.slots.size()].rejected;
  s.add_items(s.slots[at % s.slots.size()], rejection.items);
  for (std::uint64_t n = at + 1; n < s.sent; ++n) s.add_items(s.slots[n % s.slots.size()], rejection.later);
  s.add_items(s.filling(), rejection.later);
  s.first_rejected.reset();
  Stream::reset(s.filling());
  return rejection;
}

std::optional<Error> Writer::close() {
  Stream& s = *stream_;
  if (s.finished) return error();
  drain();
  {
    const std::lock_guard lock(s.mutex);
    if (s.broken) return s.broken;
    if (s.first_rejected) return s.slots[*s.first_rejected % s.slots.size()].rejected;
    s.closing = true;
    s.waiting_since = Stream::Clock::now();
  }
  s.call->WritesDone();
  const grpc::Status status = s.finish();
  const std::lock_guard lock(s.mutex);
  if (!status.ok() && !s.broken) s.broken = error_of(status, &s.context);
  return s.broken;
}

std::uint64_t Writer::acknowledged() const {
  const std::lock_guard lock(stream_->mutex);
  return stream_->acknowledged;
}

std::uint64_t Writer::last_revision() const {
  const std::lock_guard lock(stream_->mutex);
  return stream_->revision;
}

std::optional<Error> Writer::error() const {
  const std::lock_guard lock(stream_->mutex);
  return stream_->broken;
}

}  // namespace flashkv::client
