#include "tests/bench/store_expiry.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bench/store_load.h"

namespace flashkv::bench {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kWindowMs = 1'000;
constexpr std::size_t kFillOps = 10'000;
constexpr Nanos kPatience = 60'000 * kNanosPerMilli;

// The store's clock, which can be moved on.
class MovedClock final : public Clock {
 public:
  Nanos now() const noexcept override {
    return system_clock().now() + ahead_.load(std::memory_order_relaxed);
  }
  void move(Nanos by) noexcept { ahead_.fetch_add(by, std::memory_order_relaxed); }

 private:
  std::atomic<Nanos> ahead_{0};
};

std::uint64_t elapsed_ns(std::chrono::steady_clock::time_point since) {
  return static_cast<std::uint64_t>((std::chrono::steady_clock::now() - since).count());
}

// Keys first, first + 1, ... in one request; those that expire do so spread over the window.
void put_expiring(Store& store, std::uint64_t first, std::size_t n) {
  std::vector<Key> keys(n);
  std::vector<Op> ops(n);
  for (std::size_t i = 0; i < n; ++i) {
    keys[i] = key_of(first + i);
    ops[i].kind = OpKind::kPut;
    ops[i].key = std::string_view(keys[i].data(), keys[i].size());
    ops[i].record = Record::make(ops[i].key, "sixteen bytes...", Record::Expiry::kRoom);
    ops[i].ttl_ms = kHourMs + static_cast<std::int64_t>((first + i) * 7'919 % kWindowMs);
  }
  CountingSink sink;
  Request request;
  request.ops = ops;
  request.sink = &sink;
  if (!store.submit(request).ok()) give_up("the queue refused a request");
  while (sink.answers() == 0) store.step();
  if (sink.errors() != 0) give_up("a Put failed");
}

// Times each read of a key that stays; what happens in which phase is kept apart.
class TimedReader {
 public:
  TimedReader(Store& store, std::uint64_t keys) : thread_([this, &store, keys] { run(store, keys); }) {}
  ~TimedReader() { stop(); }
  void begin_second_phase() noexcept { phase_.store(1, std::memory_order_relaxed); }
  void stop() {
    stopping_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
    if (missing_ != 0) give_up("a reader missed a key that stays");
  }
  const Histogram& phase(std::size_t i) const noexcept { return times_[i]; }

 private:
  void run(Store& store, std::uint64_t keys) {
    pin_to(1);
    const auto reader = store.make_reader();
    std::string value;
    Lookup hit;
    hit.value = &value;
    for (std::uint64_t n = 0; !stopping_.load(std::memory_order_relaxed); ++n) {
      const Key key = key_of(n * 7'919 % keys);
      Histogram& times = times_[phase_.load(std::memory_order_relaxed)];
      const auto began = std::chrono::steady_clock::now();
      reader->get(std::string_view(key.data(), key.size()), hit);
      times.record(elapsed_ns(began));
      if (!hit.found) ++missing_;
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> phase_{0};
  std::array<Histogram, 2> times_;
  std::uint64_t missing_ = 0;
  std::thread thread_;
};

}  // namespace

MassExpiry expire(StoreOptions options, std::uint64_t stay, std::uint64_t keys, double seconds) {
  MovedClock clock;
  options.clock = &clock;
  Status why;
  const auto store = Store::open(options, why);
  if (!store) give_up(why.message.c_str());
  {
    BatchWriter writer(*store, 1, kFillOps);
    for (std::uint64_t first = 0; first < stay; first += kFillOps) writer.put(first, stay);
  }
  const Nanos filled_at = clock.now();
  for (std::uint64_t first = 0; first < keys; first += kFillOps)
    put_expiring(*store, stay + first,
                 static_cast<std::size_t>(std::min<std::uint64_t>(kFillOps, keys - first)));

  MassExpiry found;
  found.keys = keys;
  TimedReader reader(*store, stay);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  reader.begin_second_phase();
  // The first is due now, or a little later.
  clock.move(std::max<Nanos>(filled_at + kHourMs * kNanosPerMilli - clock.now(), 0));
  const auto began = std::chrono::steady_clock::now();
  const Nanos until = clock.now() + kPatience;
  for (std::uint64_t gone = 0; gone < keys;) {
    const auto step_began = std::chrono::steady_clock::now();
    const double cpu_began = thread_cpu_seconds();
    const Nanos next = store->step();
    found.step_cpu_ns.record(static_cast<std::uint64_t>((thread_cpu_seconds() - cpu_began) * 1e9));
    found.step_ns.record(elapsed_ns(step_began));
    const std::uint64_t now_gone = store->stats().writer.expired_keys;
    found.largest_piece = std::max(found.largest_piece, now_gone - gone);
    gone = now_gone;
    if (clock.now() > until) give_up("keys that have expired are still there");
    const Nanos left = std::min(next, until) - clock.now();
    if (gone < keys && left > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(left));
  }
  found.gone_seconds = static_cast<double>(elapsed_ns(began)) / 1e9;
  reader.stop();
  found.quiet_ns = reader.phase(0);
  found.during_ns = reader.phase(1);
  store->stop(1'000 * kNanosPerMilli);
  return found;
}

}  // namespace flashkv::bench
