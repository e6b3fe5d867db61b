#include "client/flashkv/watch.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "client/flashkv/messages.h"
#include "client/flashkv/transport.h"

namespace flashkv::client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstBackoff{100};
constexpr milliseconds kMaxBackoff{2000};
constexpr milliseconds kLook{50};  // how often cancel() is looked for

// What ends a stream, but not a watch.
bool is_transient(Errc code) {
  return code == Errc::kUnavailable || code == Errc::kUnknown || code == Errc::kInternal ||
         code == Errc::kCancelled || code == Errc::kAborted;
}

Event event_of(v1::Event&& from) {
  Event e{.type = static_cast<EventType>(from.type()),
          .kv = from_wire(std::move(*from.mutable_kv())),
          .prev_kv = {}};
  if (from.has_prev_kv()) e.prev_kv = from_wire(std::move(*from.mutable_prev_kv()));
  return e;
}

v1::WatchRequest request_of(const WatchOptions& o) {
  v1::WatchRequest request;
  v1::WatchCreate& create = *request.mutable_create();
  create.set_key(o.key);
  create.set_prefix(o.prefix);
  create.set_start(o.start);
  create.set_end(o.end);
  create.set_prev_kv(o.prev_kv);
  create.set_fragment(true);
  create.set_progress_interval_ms(
      static_cast<std::uint64_t>(std::max<milliseconds::rep>(o.progress.count(), 0)));
  for (const EventType type : o.leave_out) create.add_filters(static_cast<v1::EventType>(type));
  return request;
}

// One stream; exactly one operation of it is in progress.
struct Attempt {
  enum class Step { kStarting, kAsking, kReading, kEnding };

  ~Attempt() {
    context.TryCancel();
    queue.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
    }
  }

  Step step = Step::kStarting;
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::WatchRequest, v1::WatchResponse>> stream;
  v1::WatchResponse reply;
  grpc::Status status;
};

}  // namespace

struct Watcher::State {
  State(Client& c, WatchOptions options) : client(c), request(request_of(options)), resume(options.from) {}

  void connect() {
    attempt = std::make_unique<Attempt>();
    client.transport().prepare(attempt->context, milliseconds(0));
    attempt->stream = client.transport().kv->PrepareAsyncWatch(&attempt->context, &attempt->queue);
    attempt->stream->StartCall(this);
  }

  // The operation in progress is over. Returns what there is to hand out.
  std::optional<Result<Events>> on_event(bool ok) {
    using Step = Attempt::Step;
    Attempt& a = *attempt;
    if (a.step == Step::kEnding) return on_end();
    if (!ok) {
      a.step = Step::kEnding;
      a.stream->Finish(&a.status, this);
      return std::nullopt;
    }
    std::optional<Result<Events>> out;
    if (a.step == Step::kStarting) {
      request.mutable_create()->set_start_revision(resume);
      a.step = Step::kAsking;
      a.stream->Write(request, this);
      return std::nullopt;
    }
    if (a.step == Step::kReading) out = take(a.reply);
    if (over) return out;
    a.step = Step::kReading;
    a.stream->Read(&a.reply, this);
    return out;
  }

  std::optional<Result<Events>> on_end() {
    Error why = attempt->status.ok()
                    ? Error{.code = Errc::kUnavailable, .message = "the server ended the stream"}
                    : error_of(attempt->status, &attempt->context);
    attempt.reset();
    connected = false;
    if (!ever_connected || !is_transient(why.code)) return fail(std::move(why));
    retry_at = Clock::now() + backoff;
    backoff = std::min(2 * backoff, kMaxBackoff);
    return std::nullopt;
  }

  Result<Events> fail(Error why) {
    over = why;
    return why;
  }

  std::optional<Result<Events>> take(v1::WatchResponse& r) {
    const std::uint64_t store = r.header().store_id();
    if (store_id != 0 && store != store_id)
      return fail({.code = Errc::kDataLoss,
                   .message = "the server has started anew, without the data that was watched"});
    store_id = store;
    if (r.canceled()) {
      compact_revision = r.compact_revision();
      return fail({.code = static_cast<Errc>(r.cancel_code()), .message = r.cancel_reason()});
    }
    if (r.created()) {
      reconnects += ever_connected;
      connected = ever_connected = true;
      backoff = kFirstBackoff;
      if (resume == 0) resume = r.header().revision() + 1;
      return std::nullopt;
    }
    return hand_out(r);
  }

  // After a reconnect a revision of which a part was handed out comes again from its beginning.
  Events hand_out(v1::WatchResponse& r) {
    Events out;
    for (v1::Event& e : *r.mutable_events()) {
      const std::uint64_t revision = e.kv().mod_revision();
      if (revision != last_revision) seen_again = 0;
      if (revision == last_revision && seen_again++ < handed_out_of_last) continue;
      if (revision != last_revision) handed_out_of_last = 0;
      last_revision = revision;
      seen_again = ++handed_out_of_last;
      out.events.push_back(event_of(std::move(e)));
    }
    out.more = r.fragment();
    if (!r.fragment())
      resume = std::max(resume, r.header().revision() + 1);
    else if (r.events_size() != 0)
      resume = std::max(resume, last_revision);  // those before it are complete
    out.revision = resume == 0 ? 0 : resume - 1;
    return out;
  }

  // Until `until`; what there is to hand out, or nothing.
  std::optional<Result<Events>> wait(Clock::time_point until) {
    if (attempt == nullptr) {
      const auto now = Clock::now();
      if (now < retry_at) {
        std::this_thread::sleep_until(std::min({until, retry_at, now + kLook}));
        return std::nullopt;
      }
      seen_again = 0;
      connect();
    }
    void* tag = nullptr;
    bool ok = false;
    const auto look = std::chrono::system_clock::now() +
                      std::min<Clock::duration>(std::max(until - Clock::now(), Clock::duration(0)), kLook);
    if (attempt->queue.AsyncNext(&tag, &ok, look) != grpc::CompletionQueue::GOT_EVENT) return std::nullopt;
    return on_event(ok);
  }

  Client& client;
  v1::WatchRequest request;
  std::unique_ptr<Attempt> attempt;
  std::optional<Error> over;
  std::atomic<bool> cancelled{false};

  std::uint64_t resume;  // where the next stream begins; 0 = from now on
  std::uint64_t store_id = 0;
  std::uint64_t last_revision = 0;       // of the last event handed out
  std::uint64_t handed_out_of_last = 0;  // events
  std::uint64_t seen_again = 0;          // of those, in this stream
  bool connected = false;
  bool ever_connected = false;
  std::uint64_t reconnects = 0;
  std::uint64_t compact_revision = 0;
  milliseconds backoff = kFirstBackoff;
  Clock::time_point retry_at{};
};

Watcher::Watcher(Client& client, WatchOptions options)
    : state_(std::make_unique<State>(client, std::move(options))) {}
Watcher::~Watcher() = default;

Result<Events> Watcher::next(milliseconds timeout) {
  State& s = *state_;
  const auto until = Clock::now() + timeout;
  do {
    if (s.cancelled.load()) return Error{.code = Errc::kCancelled, .message = "the watch was canceled"};
    if (s.over) return *s.over;
    if (auto got = s.wait(until)) return std::move(*got);
  } while (Clock::now() < until);
  return Events{.events = {}, .revision = s.resume == 0 ? 0 : s.resume - 1, .more = false};
}

void Watcher::cancel() noexcept { state_->cancelled.store(true); }
std::uint64_t Watcher::compact_revision() const noexcept { return state_->compact_revision; }
std::uint64_t Watcher::reconnects() const noexcept { return state_->reconnects; }
bool Watcher::connected() const noexcept { return state_->connected; }

}  // namespace flashkv::client
