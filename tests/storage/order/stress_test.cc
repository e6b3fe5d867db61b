// A scan on a thread of its own while the writer goes on.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "storage/record/hash.h"
#include "tests/storage/order/index_view.h"

namespace flashkv::order {
namespace {

// What a scan of one revision must add up to.
struct Sum {
  std::uint64_t keys = 0;
  std::uint64_t mixed = 0;
  bool operator==(const Sum&) const = default;

  static std::uint64_t of(std::string_view key, std::string_view value) {
    return KeyHash(1)(key) * KeyHash(2)(value);
  }
};

Sum sum_of(const Pin& pin, Cursor::Direction direction) {
  Sum sum;
  Cursor cursor(pin.root, {}, direction);
  std::string last;
  while (const Record* record = cursor.next()) {
    const std::string_view key = record->key();
    if (sum.keys > 0 && (direction == Cursor::kForward ? key <= last : key >= last)) return {};
    if (record->mod_revision() > pin.revision) return {};
    last = key;
    ++sum.keys;
    sum.mixed += Sum::of(key, record->value());
  }
  return sum;
}

struct Task {
  const Pin* pin = nullptr;
  Sum expected;
};

// Purpose: one place that a task is put into by one thread and taken out of by the other.
class Slot {
 public:
  // False: the last task has not been taken yet.
  bool offer(Task task) {
    const std::lock_guard lock(mutex_);
    if (task_) return false;
    task_ = task;
    changed_.notify_one();
    return true;
  }
  std::optional<Task> try_take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(task_, std::nullopt);
  }
  // Nothing after close().
  std::optional<Task> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return task_ || closed_; });
    return std::exchange(task_, std::nullopt);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Task> task_;
  bool closed_ = false;
};

TEST(OrderStress, AScanSeesOneRevisionWhileTheWriterGoesOn) {
  constexpr unsigned kKeys = 3'000;
  const std::uint64_t scans = kSanitized ? 30 : 100;
  Twin twin(OrderedIndex::kKeptBytes);
  Slot todo, done;
  std::uint64_t scanned_states = 0;
  std::uint64_t wrong = 0;
  std::thread scanner([&] {
    while (const std::optional<Task> task = todo.take()) {
      const auto direction = scanned_states++ % 2 == 0 ? Cursor::kForward : Cursor::kReverse;
      wrong += sum_of(*task->pin, direction) == task->expected ? 0U : 1U;
      while (!done.offer(*task)) std::this_thread::yield();
    }
  });

  std::mt19937_64 random(5);
  std::uint64_t mixed = 0;
  std::uint64_t returned = 0;
  while (returned < scans) {
    for (int change = 0; change < 50; ++change) {
      const std::string key = numbered(random() % kKeys);
      if (const auto at = twin.map.find(key); at != twin.map.end()) mixed -= Sum::of(key, at->second);
      if (random() % 3 == 0) {
        twin.erase(key);
      } else {
        const std::string value = std::to_string(random());
        twin.put(key, value);
        mixed += Sum::of(key, value);
      }
    }
    twin.publish();
    const Pin* pin = twin.index.pin();
    if (pin == nullptr || !todo.offer({pin, {twin.map.size(), mixed}})) twin.index.unpin(pin);
    if (const std::optional<Task> task = done.try_take()) {
      twin.index.unpin(task->pin);
      ++returned;
    }
    twin.index.collect(200);
  }
  todo.close();
  while (twin.index.stats().pins > 0) {
    if (const std::optional<Task> task = done.try_take()) twin.index.unpin(task->pin);
  }
  scanner.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_GE(scanned_states, scans);
  while (twin.index.collect(1'000)) {
  }
  EXPECT_EQ(twin.index.stats().retired_bytes, 0U);
  EXPECT_EQ(scanned(twin.index.staged()), expected(twin.map));
}

}  // namespace
}  // namespace flashkv::order
