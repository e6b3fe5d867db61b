#include "server/service/watch/watch_stream.h"

#include <algorithm>
#include <utility>

#include "server/service/kv_service.h"
#include "server/service/validate.h"
#include "server/service/watch/watch_hub.h"

namespace flashkv {
namespace {

KeyRange range_of(const v1::WatchCreate& r) {
  if (!r.key().empty()) return KeyRange::of_key(r.key());
  if (!r.prefix().empty()) return KeyRange::of_prefix(r.prefix());
  return KeyRange::of(r.start(), r.end());
}

EventKind kind_of(int type) {
  if (type == v1::EVENT_TYPE_DELETE) return EventKind::kDelete;
  return type == v1::EVENT_TYPE_EXPIRE ? EventKind::kExpire : EventKind::kPut;
}

Nanos interval_of(const v1::WatchCreate& r) {
  if (r.progress_interval_ms() == 0) return 0;
  const auto most = static_cast<std::uint64_t>(WatchStream::kMostInterval / kNanosPerMilli);
  const auto asked = static_cast<Nanos>(std::min(r.progress_interval_ms(), most)) * kNanosPerMilli;
  return std::max(asked, WatchStream::kLeastInterval);
}

}  // namespace

WatchStream::WatchStream(ServerStream& stream) : stream_(stream) {}

WatchStream::~WatchStream() {
  if (hub_ == nullptr) return;
  behind_.clear();  // or each removal would search it
  while (!watches_.empty()) remove(*watches_.begin()->second);
  hub_->buffered(-static_cast<std::ptrdiff_t>(buffered_));
  hub_->leave(*this);
}

void WatchStream::on_open() {
  Session& session = stream_.session();
  if (!session.history().is_on()) {
    stream_.count(Code::kFailedPrecondition);
    wind_up({Code::kFailedPrecondition, "--watch-history is 0: this server keeps no events to watch"});
  } else {
    if (session.watch_hub == nullptr) {
      session.watch_hub =
          std::make_shared<WatchHub>(session.history(), session.kv().watch_counts(), stream_.completions());
    }
    hub_ = session.watch_hub;
    if (!hub_->works()) wind_up({Code::kResourceExhausted, "too many request threads serve watches"});
  }
  go_on();
}

void WatchStream::on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t) {
  reading_ = false;
  v1::WatchRequest request;
  const bool parsed = request.ParseFromZeroCopyStream(&bytes);
  if (!parsed || request.request_case() == v1::WatchRequest::REQUEST_NOT_SET) {
    stream_.count(Code::kInvalidArgument);
    wind_up({Code::kInvalidArgument, parsed ? "request: none is set" : "the message is not a WatchRequest"});
  } else if (!no_more_) {
    if (request.has_create()) create(request.create());
    if (request.has_cancel()) {
      const auto found = watches_.find(request.cancel().watch_id());
      if (found != watches_.end()) cancel(*found->second, {}, 0);
    }
    progress_asked_ |= request.has_progress();
    if (!request.has_create()) stream_.count(Code::kOk);
  }
  go_on();
}

void WatchStream::create(const v1::WatchCreate& request) {
  const StoreLimits& limits = stream_.session().store().limits();
  Status why = validate(request, limits);
  std::uint64_t id = request.watch_id();
  if (why.ok() && watches_.contains(id)) {
    why = {Code::kInvalidArgument, "watch_id: " + std::to_string(id) + " is in use on this stream"};
  }
  while (id == 0 || (request.watch_id() == 0 && watches_.contains(id))) id = next_id_++;
  const std::size_t key_bytes =
      request.key().size() + request.prefix().size() + request.start().size() + request.end().size();
  const std::uint64_t cost = WatchCounts::cost_of(key_bytes);
  const std::uint64_t most = stream_.session().kv().max_watches();
  if (why.ok() && !hub_->counts().admit(cost, most)) {
    why = {Code::kResourceExhausted, "too many watches: --max-watches " + std::to_string(most)};
  }
  if (!why.ok()) return refuse(id, why);

  auto made = std::make_unique<Watch>();
  Watch& watch = *made;
  watch.stream = this;
  watch.id = id;
  watch.range = range_of(request);
  watch.prev_kv = request.prev_kv();
  watch.may_split = request.fragment();
  for (const int type : request.filters()) watch.left_out[static_cast<std::size_t>(kind_of(type))] = true;
  watch.progress_interval = interval_of(request);
  watch.quiet_since = stream_.session().clock().now();
  watch.cost = cost;
  watches_.emplace(id, std::move(made));

  const std::uint64_t floor = hub_->history().compact_revision();
  const bool started = hub_->start(watch, request.start_revision());
  stream_.count(started ? Code::kOk : Code::kOutOfRange);
  v1::WatchResponse reply;
  const bool from_now = started && request.start_revision() == 0;
  reply.mutable_header()->set_revision(from_now ? watch.from - 1 : hub_->history().published());
  reply.set_watch_id(id);
  reply.set_created(true);
  send(reply);
  if (started) return watch.progress_interval != 0 ? set_timer() : void();
  hub_->counts().leave(cost);
  watches_.erase(id);
  canceled(id,
           {Code::kOutOfRange, "start_revision: " + std::to_string(request.start_revision()) +
                                   ", the history begins at " + std::to_string(floor)},
           std::max(floor, hub_->history().compact_revision()), false);
}

void WatchStream::refuse(std::uint64_t id, const Status& why) {
  stream_.count(why.code);
  canceled(id, why, 0, true);
}

void WatchStream::remove(Watch& watch) {
  hub_->stop(watch);
  hub_->counts().leave(watch.cost);
  const std::uint64_t id = watch.id;
  watches_.erase(id);
}

void WatchStream::cancel(Watch& watch, const Status& why, std::uint64_t compact_revision) {
  const std::uint64_t id = watch.id;
  remove(watch);
  canceled(id, why, compact_revision, false);
  go_on();
}

void WatchStream::canceled(std::uint64_t id, const Status& why, std::uint64_t compact_revision,
                           bool created) {
  v1::WatchResponse reply;
  reply.mutable_header()->set_revision(hub_->history().published());
  reply.set_watch_id(id);
  reply.set_created(created);
  reply.set_canceled(true);
  reply.set_cancel_reason(why.message);
  reply.set_cancel_code(static_cast<std::int32_t>(why.code));
  reply.set_compact_revision(compact_revision);
  send(reply);
}

void WatchStream::send_ready(Watch& watch, std::uint64_t revision, bool fragment) {
  watch.quiet_since = stream_.session().clock().now();
  v1::WatchResponse reply;
  reply.mutable_header()->set_revision(revision);
  reply.set_watch_id(watch.id);
  reply.set_fragment(fragment);
  send(reply, watch.ready);
  more_ready(-static_cast<std::ptrdiff_t>(watch.ready.size()));
  watch.ready = {};  // most watches are quiet
  go_on();
}

void WatchStream::send(v1::WatchResponse& reply, const std::string& events) {
  if (over_) return;
  told_ = std::max(told_, reply.header().revision());
  reply.mutable_header()->set_store_id(stream_.session().store().store_id());
  MessageBytes& queued = replies_.emplace_back(reply.SerializeAsString(), events);
  buffered_ += queued.size();
  hub_->buffered(static_cast<std::ptrdiff_t>(queued.size()));
}

void WatchStream::send_progress() {
  if (!progress_asked_ || !behind_.empty() || ready_ != 0) return;
  if (hub_->read_up_to() < told_) return hub_->ask(*this);
  progress_asked_ = false;
  v1::WatchResponse reply;
  reply.mutable_header()->set_revision(hub_->read_up_to());
  send(reply);
}

void WatchStream::on_timer() {
  timing_ = false;
  const Nanos now = stream_.session().clock().now();
  for (const auto& [id, watch] : watches_) {
    if (watch->progress_interval == 0 || watch->quiet_since + watch->progress_interval > now) continue;
    // One that is behind is not quiet; it is asked again in an interval.
    watch->quiet_since = now;
    if (!watch->synced || !watch->ready.empty() || watch->split || hub_->read_up_to() < told_) continue;
    if (!has_room()) continue;
    v1::WatchResponse reply;
    reply.mutable_header()->set_revision(hub_->read_up_to());
    reply.set_watch_id(id);
    send(reply);
  }
  set_timer();
  go_on();
}

void WatchStream::set_timer() {
  if (timing_ || over_) return;
  Nanos due = kNever;
  for (const auto& [id, watch] : watches_) {
    if (watch->progress_interval != 0) due = std::min(due, watch->quiet_since + watch->progress_interval);
  }
  if (due == kNever) return;
  timing_ = true;
  // Not much later than the interval of a watch that is still to come.
  stream_.wake_after(std::clamp(due - stream_.session().clock().now(), kLeastInterval / 2, kLook));
}

void WatchStream::on_writable() {
  if (std::exchange(writing_, false)) {
    buffered_ -= in_flight_;
    hub_->buffered(-static_cast<std::ptrdiff_t>(std::exchange(in_flight_, 0)));
  }
  go_on();
  if (!over_) hub_->room(*this);
}

void WatchStream::on_end() {
  reading_ = false;
  no_more_ = true;
  go_on();
}

void WatchStream::wind_up(Status why) {
  if (end_.ok()) end_ = std::move(why);
  no_more_ = over_ = true;
}

void WatchStream::go_on() {
  if (stream_.gone()) over_ = no_more_ = true;
  if (!over_ && stream_.draining()) wind_up({Code::kUnavailable, "the server is draining"});
  if (!over_) send_progress();
  write_next();
  read_next();
  finish_when_done();
}

void WatchStream::read_next() {
  if (reading_ || no_more_ || buffered_ >= kBuffered) return;
  reading_ = true;
  stream_.read();
}

void WatchStream::write_next() {
  if (writing_ || over_ || replies_.empty() || !stream_.writable()) return;
  writing_ = true;
  in_flight_ = replies_.front().size();
  MessageBytes next = std::move(replies_.front());
  replies_.pop_front();
  stream_.write(std::move(next), !replies_.empty());
}

void WatchStream::finish_when_done() {
  if (finished_ || !no_more_ || writing_) return;
  if (!over_ && (!watches_.empty() || !replies_.empty())) return;
  finished_ = over_ = true;
  stream_.finish(end_);
}

}  // namespace flashkv
