// What the writer has to do with the journal: loading what it holds, and answering those who wait for it.
#include <limits>
#include <new>
#include <string>
#include <string_view>

#include "storage/request/failure.h"
#include "storage/writer/writer.h"

namespace flashkv {

bool Writer::load(std::span<RecordPtr> records, Status& why) noexcept {
  while (!s_.staged.try_begin_batch(kOpenBudget)) {  // no reader stays: nobody reads yet
  }
  if (!records.empty()) return s_.staged.load(records, why);
  if (s_.staged.dirty()) s_.staged.publish();
  s_.stats.assigned_revision.set(s_.staged.assigned());
  show();
  return true;
}

void Writer::say_why_it_fails(Status& status, std::string_view head) const noexcept {
  try {
    fail(status, Code::kUnavailable, std::string(head) + s_.staged.journal()->pump().failure());
  } catch (const std::bad_alloc&) {
    fail(status, Code::kUnavailable, kOutOfMemory);
  }
}

// Whether a request for DURABLE cannot be met; then it says why, and nothing of it is applied.
bool Writer::refuse_durable(Request& r) noexcept {
  const JournalFeed* const journal = s_.staged.journal();
  if (journal == nullptr) {
    fail(r.status, Code::kFailedPrecondition,
         "ack: ACK_DURABLE needs a data directory, and this server has none");
    return true;
  }
  if (!journal->pump().failing()) return false;
  say_why_it_fails(r.status, "ack: not applied, as it would not be durable: ");
  return true;
}

bool Writer::journal_moved() const noexcept {
  const JournalFeed* const journal = s_.staged.journal();
  return journal != nullptr &&
         (journal->pump().written() != s_.seen_written || journal->pump().synced() != s_.seen_synced ||
          journal->pump().failing() != s_.seen_failing);
}

bool Writer::hand_over_rest() noexcept {
  JournalFeed* const journal = s_.staged.journal();
  if (journal == nullptr || !journal->waits()) return false;
  while (journal->collect()) {
  }
  return true;
}

void Writer::look_at_journal() noexcept {
  JournalFeed* const journal = s_.staged.journal();
  if (journal == nullptr) return;
  // In this order: what was synced before it failed is not answered with the failure.
  s_.seen_failing = journal->pump().failing();
  s_.seen_written = journal->pump().written();
  s_.seen_synced = journal->pump().synced();
  s_.journal_again = journal->collect();
  if (s_.unsynced.mutations() == 0) return;
  // What waits was applied before the last publish, or goes with the next.
  journal->pump().want_sync(s_.staged.assigned());
  answer_synced();
}

// A disk that fails answers them too: they are applied, published soon if not yet, and not durable.
void Writer::answer_synced() noexcept {
  if (s_.seen_failing) {
    Status why;
    say_why_it_fails(why, "ack: applied, but not durable: ");
    return answer_unsynced(why.message);
  }
  s_.unsynced.release(s_.seen_synced, s_.now, [this](Request& r, bool) noexcept { answer(r); });
}

// Answers all of them; those that are not synced with the reason.
void Writer::answer_unsynced(std::string_view why) noexcept {
  constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
  s_.unsynced.release(kAll, s_.now, [this, why](Request& r, bool) noexcept {
    if (r.revision > s_.seen_synced) fail(r.status, Code::kUnavailable, why);
    answer(r);
  });
}

// At the end: whether the journal still has to take or to sync something that somebody waits for.
bool Writer::waits_for_journal() const noexcept {
  return s_.unsynced.mutations() != 0 || (s_.staged.journal() != nullptr && s_.staged.journal()->waits());
}

}  // namespace flashkv
