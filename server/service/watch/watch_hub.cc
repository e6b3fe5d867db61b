#include "server/service/watch/watch_hub.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/service/watch/watch_stream.h"
#include "server/service/wire.h"

namespace flashkv {
namespace {

// Appends the event as an entry of WatchResponse.events.
void append_field(const v1::Event& event, std::string& to) {
  constexpr std::uint32_t kTag = v1::WatchResponse::kEventsFieldNumber << 3 | 2;
  const std::size_t size = event.ByteSizeLong();
  const std::size_t before = to.size();
  to.resize(before + 6 + size);  // the tag, and a length below 2^32
  auto* const begin = reinterpret_cast<std::uint8_t*>(to.data());
  auto* at = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(kTag, begin + before);
  at = google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(size), at);
  at = event.SerializeWithCachedSizesToArray(at);
  to.resize(static_cast<std::size_t>(at - begin));
}

}  // namespace

WatchHub::WatchHub(WatchHistory& history, WatchCounts& counts, CompletionSink& sink)
    : reader_(history), counts_(counts), shown_(counts.join()) {
  call_.sink = &sink;
  call_.waiter = this;
  place_ = history.waits().join(call_);
}

WatchHub::~WatchHub() {
  if (place_ != nullptr) place_->leave();
  counts_.leave(shown_);
}

bool WatchHub::start(Watch& watch, std::uint64_t from) {
  if (index_.empty()) cursor_ = reader_.now();
  watch.from = from == 0 ? history().published() + 1 : from;
  // The cursor may stand inside the revision after its own.
  const bool past = watch.from <= cursor_.revision ||
                    (watch.from == cursor_.revision + 1 && watch.from <= history().published());
  if (past && !reader_.seek(watch.from, watch.cursor)) return false;
  ++numbers_.watches;
  if (past) {
    queue_behind(watch);
    room(*watch.stream);
  } else {
    index_.add(watch);
    watch.in_index = watch.synced = true;
  }
  if (call_is_ == CallIs::kHere) arm();
  show_counts();
  return true;
}

void WatchHub::stop(Watch& watch) {
  std::erase(touched_, &watch);
  std::erase(fallen_, &watch);
  std::erase(watch.stream->behind(), &watch);
  if (watch.in_index) index_.remove(watch);
  watch.in_index = watch.synced = false;
  watch.stream->more_ready(-static_cast<std::ptrdiff_t>(watch.ready.size()));
  watch.ready.clear();
  --numbers_.watches;
  show_counts();
}

void WatchHub::room(WatchStream& stream) {
  if (stream.in_runnable || stream.behind().empty() || !stream.has_room()) return;
  stream.in_runnable = true;
  runnable_.push_back(&stream);
  schedule();
}

void WatchHub::leave(WatchStream& stream) {
  if (std::exchange(stream.in_runnable, false)) std::erase(runnable_, &stream);
  lagging_.erase(&stream);
  asking_.erase(&stream);
}

void WatchHub::ask(WatchStream& stream) {
  asking_.insert(&stream);
  schedule();
}

std::uint64_t WatchHub::read_up_to() { return index_.empty() ? history().published() : cursor_.revision; }

void WatchHub::resume(PendingCall&) {
  call_is_ = CallIs::kHere;
  pump();
}

void WatchHub::pump() {
  read_synced();
  for (int n = 0; n < kCatchUps && !runnable_.empty(); ++n) {
    WatchStream& stream = *runnable_.front();
    runnable_.pop_front();
    stream.in_runnable = false;
    if (stream.behind().empty() || !stream.has_room()) continue;
    read_behind(*stream.behind().front());
    room(stream);
    if (stream.behind().empty()) stream.go_on();  // a progress reply may have waited for this
  }
  for (WatchStream* stream : std::exchange(asking_, {})) stream->go_on();
  show();
  if (call_is_ != CallIs::kHere) return;
  if (runnable_.empty()) {
    arm();
  } else {
    schedule();
  }
}

// Lets the thread's other calls run, and then pump().
void WatchHub::schedule() {
  if (call_is_ == CallIs::kOnItsWay) return;
  const bool armed = std::exchange(call_is_, CallIs::kOnItsWay) == CallIs::kArmed;
  if (armed && !place_->disarm()) return;  // a publish has sent it off
  call_.next = nullptr;
  call_.sink->complete(&call_);
}

void WatchHub::arm() {
  if (numbers_.watches == 0) return;
  call_is_ = CallIs::kArmed;
  place_->arm();
  if (history().published() > cursor_.revision) schedule();
}

void WatchHub::show_counts() {
  numbers_.behind = numbers_.watches - index_.size();
  shown_->show(numbers_);
}

// Goes over all watches that are behind.
void WatchHub::show() {
  numbers_.oldest = index_.empty() ? WatchNumbers{}.oldest : cursor_.revision;
  for (auto it = lagging_.begin(); it != lagging_.end();) {
    for (const Watch* w : (*it)->behind()) numbers_.oldest = std::min(numbers_.oldest, w->cursor.revision);
    it = (*it)->behind().empty() ? lagging_.erase(it) : std::next(it);
  }
  show_counts();
}

void WatchHub::read_synced() {
  if (index_.empty()) {
    cursor_ = reader_.now();
    return;
  }
  ReadEnd end = ReadEnd::kStopped;
  for (std::size_t read = 0; read < kRound && end == ReadEnd::kStopped; read += kSlice) {
    slice_bytes_ = 0;
    end = reader_.read(cursor_, kSlice, [this](const WatchEvent& e) {
      if (slice_bytes_ >= kSliceBytes) return false;
      plain_.clear();
      with_prev_.clear();
      index_.match(e.key(), [&](Watch& w) { offer(w, e); });
      return true;
    });
    // Each of them finds out for itself what it has lost.
    if (end == ReadEnd::kCompacted) index_.for_each([this](Watch& w) { fall_behind(w); });
    settle_fallen();
    flush_touched();
  }
  if (end == ReadEnd::kCompacted) cursor_ = reader_.now();
  if (end == ReadEnd::kStopped) schedule();
}

void WatchHub::offer(Watch& watch, const WatchEvent& event) {
  if (!watch.synced || !watch.wants(event)) return;
  const bool may_stop = watch.may_split || event.revision != watch.ready_revision;
  if (may_stop && !watch.stream->has_room()) return fall_behind(watch);
  if (!may_stop && watch.stream->ready() > WatchStream::kMostReply) return take_back(watch);
  take(watch, event);
}

// A revision may be too much for the watches of a stream together: each reads on alone, from its beginning.
void WatchHub::take_back(Watch& watch) {
  fall_behind(watch);
  if (!reader_.seek(watch.ready_revision, watch.cursor)) {
    watch.too_large = true;
    return;
  }
  watch.stream->more_ready(-static_cast<std::ptrdiff_t>(watch.revision_bytes));
  watch.ready.resize(watch.ready.size() - watch.revision_bytes);
  watch.revision_bytes = 0;
  --watch.ready_revision;
}

// What it has not read begins at the hub's cursor.
void WatchHub::fall_behind(Watch& watch) {
  if (!std::exchange(watch.synced, false)) return;
  watch.cursor = cursor_;
  fallen_.push_back(&watch);
}

void WatchHub::settle_fallen() {
  for (Watch* w : fallen_) {
    index_.remove(*w);
    w->in_index = false;
    queue_behind(*w);
    room(*w->stream);
  }
  fallen_.clear();
}

void WatchHub::queue_behind(Watch& watch) {
  watch.stream->behind().push_back(&watch);
  lagging_.insert(watch.stream);
}

void WatchHub::flush_touched() {
  std::vector<Watch*> touched;
  touched.swap(touched_);
  for (Watch* w : touched) {
    w->touched = false;
    flush(*w, w->synced ? cursor_.revision : w->cursor.revision);
  }
}

void WatchHub::take(Watch& watch, const WatchEvent& event) {
  const std::string& bytes = serialized(event, watch.prev_kv);
  if (event.revision != watch.ready_revision) watch.revision_bytes = 0;
  const std::size_t so_far = std::exchange(watch.revision_bytes, watch.revision_bytes + bytes.size());
  watch.ready_revision = event.revision;
  watch.too_large |= !watch.may_split && so_far != 0 && so_far + bytes.size() > WatchStream::kMostReply;
  if (!watch.too_large) {
    watch.ready += bytes;
    watch.stream->more_ready(static_cast<std::ptrdiff_t>(bytes.size()));
    slice_bytes_ += bytes.size();
  }
  if (!std::exchange(watch.touched, true)) touched_.push_back(&watch);
}

bool WatchHub::flush(Watch& watch, std::uint64_t read) {
  if (watch.too_large) {
    watch.stream->cancel(
        watch,
        {Code::kResourceExhausted,
         "revision " + std::to_string(watch.ready_revision) +
             ": its events are larger than a reply; watch with fragment, or without prev_kv"},
        0);
    return false;
  }
  const bool complete = read >= watch.ready_revision;
  if (watch.ready.empty() && !(watch.split && complete)) return true;
  const bool part = watch.may_split && (watch.ready.size() >= WatchStream::kSplit || !watch.synced);
  if (complete || part) {
    watch.split = !complete;
    watch.stream->send_ready(watch, watch.ready_revision, !complete);
  }
  // The rest of the revision comes with the next slice.
  if (!complete && watch.synced && !std::exchange(watch.touched, true)) touched_.push_back(&watch);
  return true;
}

// It stays in the stream's list until it is synced: no progress is reported before.
void WatchHub::read_behind(Watch& watch) {
  std::deque<Watch*>& behind = watch.stream->behind();
  const ReadEnd end = read_revisions(watch);
  if (end == ReadEnd::kCompacted) return start_over(watch);
  if (!flush(watch, watch.cursor.revision)) return;
  behind.pop_front();
  if (end != ReadEnd::kReached) {
    behind.push_back(&watch);
    return;
  }
  index_.add(watch);
  watch.in_index = watch.synced = true;
  if (!watch.ready.empty() || watch.split) {
    watch.touched = true;
    touched_.push_back(&watch);
  }
}

// A slice, and more while that ends inside a revision.
ReadEnd WatchHub::read_revisions(Watch& watch) {
  const auto goes_on = [&watch] {
    const bool part = watch.may_split && watch.ready.size() >= WatchStream::kSplit;
    return watch.cursor.revision < watch.ready_revision && !watch.too_large && !part;
  };
  ReadEnd end = ReadEnd::kStopped;
  do {
    slice_bytes_ = 0;
    watch.touched = true;  // flushed by read_behind()
    end = reader_.read(
        watch.cursor, kSlice,
        [&](const WatchEvent& e) {
          if (slice_bytes_ >= kSliceBytes) return false;
          if (!watch.wants(e) || !watch.range.contains(e.key())) return true;
          plain_.clear();
          with_prev_.clear();
          take(watch, e);
          return true;
        },
        &cursor_);
  } while (end == ReadEnd::kStopped && goes_on());
  watch.touched = false;
  return end;
}

// Events up to `from` do not concern it.
void WatchHub::start_over(Watch& watch) {
  const std::uint64_t floor = history().compact_revision();
  if (watch.from >= floor && reader_.seek(watch.from, watch.cursor)) return;
  watch.stream->cancel(watch,
                       {Code::kOutOfRange, "start_revision: the history below revision " +
                                               std::to_string(floor) + " is gone; read again, and watch on"},
                       floor);
}

const std::string& WatchHub::serialized(const WatchEvent& event, bool with_prev) {
  std::string& bytes = with_prev ? with_prev_ : plain_;
  if (!bytes.empty()) return bytes;
  to_event(event, with_prev, message_);
  append_field(message_, bytes);
  return bytes;
}

}  // namespace flashkv
