#include "tests/bench/store_scan.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "tests/bench/store_load.h"

namespace flashkv::bench {
namespace {

using Time = std::chrono::steady_clock;
constexpr std::size_t kOpsOfBatch = 100;

std::uint64_t elapsed_ns(Time::time_point since) {
  return static_cast<std::uint64_t>((Time::now() - since).count());
}

// Scans until stop(), every key.
class Scanner {
 public:
  Scanner(Store& store, std::uint64_t keys) {
    thread_ = std::thread([this, &store, keys] { run(store, keys); });
  }
  ~Scanner() { stop(); }
  void stop() {
    stopping_.store(true, std::memory_order_relaxed);
    if (thread_.joinable()) thread_.join();
  }
  bool over() const noexcept { return over_.load(std::memory_order_acquire); }
  void ask_to_stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }
  std::uint64_t scans() const noexcept { return scans_; }
  double seconds() const noexcept { return seconds_; }

 private:
  void run(Store& store, std::uint64_t keys) {
    pin_to(1);
    std::string copy;
    copy.reserve(std::size_t{2} << 20);
    while (!stopping_.load(std::memory_order_relaxed)) {
      CountingSink sink;
      Request request;
      request.kind = RequestKind::kTakePin;
      request.sink = &sink;
      if (!store.submit(request).ok()) give_up("the queue refused a pin");
      while (sink.answers() == 0) std::this_thread::yield();
      if (sink.errors() != 0) give_up("no pin");
      const PinPtr pin = std::move(request.pin);
      const auto began = Time::now();
      OrderedScan scan(*pin, {});
      while (!scan.done()) {
        copy.clear();
        OrderedScan::Page page(scan, {.bytes = std::uint64_t{1} << 20});
        while (const Record* record = page.next()) copy.append(record->key()).append(record->value());
        if (page.revoked()) give_up("a pin was revoked");
      }
      seconds_ += static_cast<double>(elapsed_ns(began)) * 1e-9;
      if (scan.returned() != keys) give_up("a scan missed keys");
      ++scans_;
    }
    over_.store(true, std::memory_order_release);
  }

  std::atomic<bool> stopping_{false};
  std::atomic<bool> over_{false};
  std::uint64_t scans_ = 0;
  double seconds_ = 0;
  std::thread thread_;
};

}  // namespace

ScanBeside scan_beside_writes(Store& store, std::uint64_t keys, std::uint64_t per_second, double seconds) {
  ScanBeside found;
  BatchWriter writer(store, 1, kOpsOfBatch);
  Scanner scanner(store, keys);
  const auto gap = std::chrono::nanoseconds(1'000'000'000 * kOpsOfBatch / per_second);
  const auto began = Time::now();
  const auto end = began + std::chrono::duration<double>(seconds);
  // The scan in progress at the end needs no more of the writer than its steps.
  for (auto due = began; !scanner.over();) {
    const auto now = Time::now();
    if (now >= end) scanner.ask_to_stop();
    if (now >= due && now < end) {
      found.late_ns.record(elapsed_ns(due));
      writer.prepare_scattered(keys);
      const auto submitted = Time::now();
      writer.turn_prepared();
      found.turn_ns.record(elapsed_ns(submitted));
      due += gap;
      continue;
    }
    const double cpu_began = thread_cpu_seconds();
    store.step();
    found.step_ns.record(elapsed_ns(now));
    found.step_cpu_ns.record(static_cast<std::uint64_t>((thread_cpu_seconds() - cpu_began) * 1e9));
    found.most_pinned_bytes = std::max(found.most_pinned_bytes, store.stats().writer.pinned_bytes);
  }
  scanner.stop();
  found.scans = scanner.scans();
  found.scan_keys_per_second = static_cast<double>(found.scans * keys) / scanner.seconds();
  found.written_per_second = static_cast<double>(writer.written()) / seconds;
  return found;
}

}  // namespace flashkv::bench
