#include "storage/store_over_table.h"

#include <cstdio>
#include <random>
#include <utility>

#include "storage/record/hash.h"
#include "storage/writer/failure.h"
#include "storage/writer/writer.h"
#include "storage/writer/writer_thread.h"

namespace flashkv {
namespace {

std::uint64_t draw_nonzero() {
  std::random_device device;
  std::uint64_t drawn = 0;
  while (drawn == 0) drawn = (std::uint64_t{device()} << 32) | device();
  return drawn;
}

WriterOptions writer_options(const StoreOptions& o) noexcept {
  return {o.policy, QueueLimits{o.max_queue_requests, o.max_queue_bytes}, o.max_value_bytes};
}

class StoreOverTable final : public Store {
 public:
  StoreOverTable(std::unique_ptr<Table> table, const StoreOptions& options)
      : clock_(*options.clock),
        hash_(table->hash()),
        store_id_(draw_nonzero()),
        table_(std::move(table)),
        writer_(*table_, writer_options(options), clock_),
        thread_(writer_) {}

  std::unique_ptr<ReadHandle> make_reader() override { return table_->make_reader(clock_); }

  Status submit(Request& request) noexcept override {
    request.bytes = sizeof(Request) + request.ops.size_bytes();
    for (Op& op : request.ops) {
      op.hash = hash_(op.key);
      request.bytes += op.key.size() + op.value.size() + (op.record ? op.record->bytes() : 0);
    }
    return answer(writer_.submit(request));
  }

  void start() override { thread_.start(); }
  bool stop(Nanos patience) override { return thread_.stop(patience); }
  Nanos step() noexcept override { return writer_.step(); }

  std::uint64_t published_revision() const noexcept override { return table_->published(); }
  std::uint64_t assigned_revision() const noexcept override { return writer_.assigned(); }
  PublishPolicy policy() const noexcept override { return writer_.policy(); }
  std::uint64_t store_id() const noexcept override { return store_id_; }
  const Traits& traits() const noexcept override { return table_->traits(); }

  StoreStats stats() const override {
    StoreStats s;
    s.traits = table_->traits();
    s.guard = table_->guard();
    s.engine = writer_.engine_stats();
    s.writer = writer_.stats();
    s.policy = writer_.policy();
    s.store_id = store_id_;
    // In this order, so that what is published never exceeds what is assigned.
    s.published_revision = s.writer.published_revision = table_->published();
    s.assigned_revision = s.writer.assigned_revision = writer_.assigned();
    return s;
  }

 private:
  Status answer(Admission a) const noexcept {
    Status s;
    char text[96];
    const QueueLimits limits = writer_.queue_limits();
    switch (a) {
      case Admission::kAccepted:
        break;
      case Admission::kClosed:
        fail(s, Code::kUnavailable, "the server is draining");
        break;
      case Admission::kRequestsFull:
        std::snprintf(text, sizeof text, "queue full: max-queue-requests %llu",
                      static_cast<unsigned long long>(limits.requests));
        fail(s, Code::kResourceExhausted, text);
        break;
      case Admission::kBytesFull:
        std::snprintf(text, sizeof text, "queue full: max-queue-bytes %llu",
                      static_cast<unsigned long long>(limits.bytes));
        fail(s, Code::kResourceExhausted, text);
        break;
      case Admission::kControlFull:
        fail(s, Code::kResourceExhausted, "queue full: too many wait for a revision");
        break;
    }
    return s;
  }

  const Clock& clock_;
  const KeyHash hash_;
  const std::uint64_t store_id_;
  std::unique_ptr<Table> table_;
  Writer writer_;
  WriterThread thread_;
};

}  // namespace

KeyHash key_hash(const StoreOptions& options) {
  return KeyHash(options.hash_seed != 0 ? options.hash_seed : draw_nonzero(), options.hash_mask);
}

std::unique_ptr<Store> open_store_over(std::unique_ptr<Table> table, const StoreOptions& options) {
  return std::make_unique<StoreOverTable>(std::move(table), options);
}

}  // namespace flashkv
