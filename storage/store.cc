#include "storage/store.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

#include "storage/engine/registry.h"
#include "storage/request/failure.h"

namespace flashkv {
namespace {

std::uint64_t draw_nonzero() {
  std::random_device device;
  std::uint64_t drawn = 0;
  while (drawn == 0) drawn = (std::uint64_t{device()} << 32) | device();
  return drawn;
}

EngineOptions engine_options(const StoreOptions& options) {
  return {.hash = key_hash(options),
          .guard = options.guard,
          .limits = options.limits,
          .slice_bits = options.slice_bits,
          .word_order = options.word_order};
}

}  // namespace

Store::Store(std::unique_ptr<AnyEngine> engine, std::unique_ptr<Journal> journal, const StoreOptions& options)
    : clock_(*options.clock),
      limits_(options.limits),
      ordered_index_(options.ordered_index),
      hash_(engine->hash()),
      store_id_(journal ? journal->disk().store_id() : draw_nonzero()),
      engine_(std::move(engine)),
      journal_(std::move(journal)),
      writer_(*engine_, options.policy, limits_, clock_, {},
              options.ordered_index ? StagedState::Index::kOrdered : StagedState::Index::kNone,
              journal_ ? &journal_->pump() : nullptr),
      thread_(writer_) {}

std::unique_ptr<Store> Store::open(const StoreOptions& options, Status& why) {
  if (const PolicyError wrong = policy_error(options.policy); wrong != PolicyError::kNone) {
    why = Status(Code::kInvalidArgument, std::string("publish policy: ") + text_of(wrong));
    return nullptr;
  }
  std::unique_ptr<AnyEngine> engine = make_engine(options.engine, engine_options(options), why);
  if (engine == nullptr) return nullptr;
  if (options.data_dir.empty()) return over(std::move(engine), options);
  auto journal = Journal::open(options.data_dir, options.sync, draw_nonzero(), *options.clock, why);
  if (journal == nullptr) return nullptr;
  journal->pump().on_change(options.on_journal);
  std::unique_ptr<Store> store(new Store(std::move(engine), std::move(journal), options));
  if (why = store->load(options); !why.ok()) return nullptr;
  return store;
}

std::unique_ptr<Store> Store::over(std::unique_ptr<AnyEngine> engine, const StoreOptions& options) {
  return std::unique_ptr<Store>(new Store(std::move(engine), nullptr, options));
}

Status Store::load(const StoreOptions& options) {
  const std::uint64_t expected = journal_->disk().estimated_records();
  std::uint64_t loaded = 0;
  Status failed;
  const Status read = journal_->disk().load(options.load_threads, [&](std::vector<RecordPtr>& records) {
    if (!writer_.load(records, failed)) return false;
    loaded += records.size();
    if (options.on_load) options.on_load(loaded, std::max(loaded, expected));
    return true;
  });
  if (!read.ok()) return read;
  if (failed.ok()) writer_.load({}, failed);
  return failed;
}

void Store::start() {
  if (journal_) journal_->start();
  thread_.start();
}

bool Store::stop(Nanos patience) noexcept {
  const bool settled = thread_.stop(patience);
  // Both threads have ended. What had no place in the ring goes in rounds, as long as the disk takes it.
  if (journal_ && !std::exchange(stopped_, true)) saved_ = journal_->stop();
  while (saved_ && writer_.hand_over_rest()) saved_ = journal_->pump().finish();
  return settled && saved_;
}

std::string Store::journal_failure() const {
  return journal_ && (journal_->pump().failing() || !saved_) ? journal_->pump().failure() : std::string();
}

Status Store::submit(Request& request) noexcept {
  request.bytes = sizeof(Request) + request.compare.size_bytes();
  for (Compare& c : request.compare) {
    c.hash = hash_(c.key);
    request.bytes += c.key.size() + c.value.size();
  }
  for (const std::span<Op> ops : {request.ops, request.otherwise}) {
    request.bytes += ops.size_bytes();
    for (Op& op : ops) {
      op.hash = hash_(op.key);
      request.bytes += op.key.size() + op.value.size() + (op.record ? op.record->bytes() : 0);
    }
  }
  if (journal_is_full(request)) {
    Status s;
    char text[96];
    std::snprintf(text, sizeof text, "queue full: the disk is behind by max-journal-bytes %llu",
                  static_cast<unsigned long long>(limits_.max_journal_bytes));
    fail(s, Code::kResourceExhausted, text);
    return s;
  }
  return status_of(writer_.submit(request));
}

// A disk that is slow holds up streams, as a full queue does; one that fails is the writer's to explain.
bool Store::journal_is_full(const Request& request) const noexcept {
  return journal_ && request.kind == RequestKind::kMutation && !journal_->pump().failing() &&
         writer_.journal_bytes() >= limits_.max_journal_bytes;
}

Status Store::status_of(Admission a) const noexcept {
  Status s;
  char text[96];
  switch (a) {
    case Admission::kAccepted:
      break;
    case Admission::kClosed:
      fail(s, Code::kUnavailable, "the server is draining");
      break;
    case Admission::kRequestsFull:
      std::snprintf(text, sizeof text, "queue full: max-queue-requests %llu",
                    static_cast<unsigned long long>(limits_.max_queue_requests));
      fail(s, Code::kResourceExhausted, text);
      break;
    case Admission::kBytesFull:
      std::snprintf(text, sizeof text, "queue full: max-queue-bytes %llu",
                    static_cast<unsigned long long>(limits_.max_queue_bytes));
      fail(s, Code::kResourceExhausted, text);
      break;
    case Admission::kControlFull:
      fail(s, Code::kResourceExhausted, "queue full: too many wait for a revision");
      break;
  }
  return s;
}

StoreStats Store::stats() const {
  StoreStats s;
  s.traits = engine_->traits();
  s.guard = engine_->guard();
  s.engine = writer_.engine_stats();
  s.writer = writer_.stats();
  s.policy = writer_.policy();
  s.store_id = store_id_;
  s.journal = journal_stats();
  // In this order, so that what is published never exceeds what is assigned.
  s.published_revision = s.writer.published_revision = engine_->published();
  s.assigned_revision = s.writer.assigned_revision = writer_.assigned();
  return s;
}

JournalStats Store::journal_stats() const {
  if (!journal_) return {};
  const JournalPump& pump = journal_->pump();
  return {.on = true,
          .failing = pump.failing(),
          .failure = pump.failure(),
          .counts = pump.counts(),
          .waiting_bytes = writer_.journal_bytes(),
          .waiting_bytes_limit = limits_.max_journal_bytes,
          .disk_bytes = journal_->disk().bytes()};
}

KeyHash key_hash(const StoreOptions& options) {
  return KeyHash(options.hash_seed != 0 ? options.hash_seed : draw_nonzero(), options.hash_mask);
}

}  // namespace flashkv
