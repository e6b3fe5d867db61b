#include "storage/journal/journal_pump.h"

#include <algorithm>
#include <exception>
#include <new>

namespace flashkv {
namespace {

// Only the journal's thread writes a counter.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t more) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

}  // namespace

JournalPump::JournalPump(JournalDisk& disk, SyncPolicy policy, std::uint64_t revision,
                         const Clock& clock) noexcept
    : disk_(disk), policy_(policy), clock_(clock), written_(revision), synced_(revision) {}

void JournalPump::want_sync(std::uint64_t revision) noexcept {
  if (revision <= wanted_.load(std::memory_order_relaxed)) return;
  wanted_.store(revision, std::memory_order_seq_cst);  // before the bell is looked at: Doorbell's W1
  bell_.ring();
}

Nanos JournalPump::step() noexcept {
  now_ = clock_.now();
  if (failing() && now_ < retry_at_) return retry_at_;
  const std::uint64_t before = written() + synced();
  const bool failed_before = failing();
  const bool ok = revive() && write_batches() && (!sync_is_due() || sync());
  if (ok) works();
  const bool news = written() + synced() != before || failing() != failed_before;
  if (news && told_ != nullptr) told_->ring();
  if (failing() != failed_before) say_so();
  return next_step();
}

void JournalPump::say_so() noexcept {
  try {
    if (on_change_) on_change_(failing() ? failure() : std::string());
  } catch (const std::exception&) {  // out of memory: Stats says it, too
  }
}

bool JournalPump::revive() noexcept {
  if (!failing()) return true;
  const Status s = disk_.revive();
  return s.ok() || failed(s);
}

bool JournalPump::write_batches() noexcept {
  // No more than the ring holds: a writer that never pauses must not put off the sync.
  for (std::size_t n = 0; n < JournalQueue::kBatches; ++n) {
    const JournalBatch* const batch = queue_.next(0);
    if (batch == nullptr) break;
    if (const Status s = disk_.write(*batch); !s.ok()) return failed(s);
    add(batches_, 1);
    add(entries_, batch->entries.size());
    if (policy_ == SyncPolicy::kEverySecond && sync_at_ == kNever) sync_at_ = now_ + kSyncGap;
    const std::uint64_t revision = batch->revision;
    queue_.written(1);  // first: whoever sees the revision can take the batch back
    written_.store(revision, std::memory_order_seq_cst);  // then told_ is looked at: its W1
  }
  return true;
}

bool JournalPump::sync_is_due() const noexcept {
  if (synced() == written()) return false;
  return policy_ == SyncPolicy::kAlways || now_ >= sync_at_ ||
         wanted_.load(std::memory_order_seq_cst) > synced();
}

bool JournalPump::sync() noexcept {
  const std::uint64_t revision = written();
  const Nanos begun = clock_.now();
  if (const Status s = disk_.sync(); !s.ok()) return failed(s);
  const Nanos took = clock_.now() - begun;
  sync_at_ = kNever;
  add(syncs_, 1);
  last_sync_.store(took, std::memory_order_relaxed);
  longest_sync_.store(std::max(took, longest_sync_.load(std::memory_order_relaxed)),
                      std::memory_order_relaxed);
  synced_.store(revision, std::memory_order_seq_cst);  // as written_
  return true;
}

// Returns false, for the caller to return.
bool JournalPump::failed(const Status& why) noexcept {
  add(failures_, 1);
  try {
    const std::lock_guard lock(mutex_);
    failure_ = why.message;
  } catch (const std::bad_alloc&) {  // the text before this one stays
  }
  retry_gap_ = std::clamp(2 * retry_gap_, kRetryGap, kMaxRetryGap);
  retry_at_ = clock_.now() + retry_gap_;
  failing_.store(true, std::memory_order_seq_cst);
  return false;
}

void JournalPump::works() noexcept {
  retry_gap_ = 0;
  if (failing()) failing_.store(false, std::memory_order_seq_cst);
}

Nanos JournalPump::next_step() noexcept {
  if (failing()) return retry_at_;
  if (queue_.next(0) != nullptr || sync_is_due()) return 0;
  return sync_at_;
}

void JournalPump::wait_until(Nanos time) noexcept {
  const Nanos left = time == kNever ? kNever : time - clock_.now();
  if (left <= 0) return;
  bell_.arm();
  // While the disk fails, new work does not bring the next try forward.
  const bool rest = failing() || (queue_.next(0) == nullptr && !sync_is_due());
  if (rest && !stopping()) bell_.sleep(left);
  bell_.disarm();
}

bool JournalPump::finish() noexcept {
  now_ = clock_.now();
  const bool ok = revive() && write_batches() && (synced() == written() || sync());
  if (ok) works();
  return ok;
}

std::string JournalPump::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

JournalCounts JournalPump::counts() const noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {written(),
          synced(),
          batches_.load(kRelaxed),
          entries_.load(kRelaxed),
          syncs_.load(kRelaxed),
          failures_.load(kRelaxed),
          last_sync_.load(kRelaxed),
          longest_sync_.load(kRelaxed)};
}

}  // namespace flashkv
