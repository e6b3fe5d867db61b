// What the ordered index costs. Prints; judges nothing.
//   order_bench [--keys N] [--rounds N] [--shape random|text|counted]
#include <array>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "storage/order/cursor.h"
#include "storage/order/ordered_index.h"
#include "tests/bench/interleaved.h"
#include "tests/bench/key.h"

namespace flashkv::bench {
namespace {

using order::Cursor;
using order::OrderedIndex;

constexpr std::uint64_t kBatch = 1'024;

struct Options {
  std::uint64_t keys = 1'000'000;
  int rounds = 5;
  std::string_view shape = "random";
};

// random: 16 bytes; text: a common beginning and decimal digits, 16 bytes too; counted: text, in order.
RecordPtr make_record(const Options& options, std::uint64_t n, std::uint64_t revision) {
  const Key key(n);
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "user:%011llu",
                static_cast<unsigned long long>(n % 100'000'000'000));
  const bool random = options.shape == "random";
  RecordPtr record = Record::make(random ? key.view() : std::string_view(text.data(), 16), key.view(),
                                  Record::Expiry::kNone);
  if (!record) std::abort();
  record->stamp(revision, revision, 1);
  return record;
}

// The numbers below `keys`, each once, in the order in which they are written.
std::vector<std::uint64_t> drawn(const Options& options, std::uint64_t seed) {
  std::vector<std::uint64_t> numbers(options.keys);
  std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
  if (options.shape == "counted") return numbers;
  std::uint64_t state = seed * 2 + 1;
  for (std::size_t i = numbers.size(); i > 1; --i)
    std::swap(numbers[i - 1], numbers[(next_random(state) >> 16) % i]);
  return numbers;
}

// Writes the records in batches, a reservation each; keys a second of processor time, the index's alone.
class Writes {
 public:
  Writes(OrderedIndex& index, std::uint64_t& revision) : index_(index), revision_(revision) {}

  void upsert(std::vector<RecordPtr>& batch) {
    const double begin = thread_cpu_seconds();
    for (RecordPtr& record : batch) {
      if (!index_.reserve(1)) std::abort();
      index_.upsert(record.release());
    }
    index_.publish(++revision_);
    seconds_ += thread_cpu_seconds() - begin;
    count_ += batch.size();
    batch.clear();
  }
  double per_second() const { return static_cast<double>(count_) / seconds_; }

 private:
  OrderedIndex& index_;
  std::uint64_t& revision_;
  double seconds_ = 0;
  std::uint64_t count_ = 0;
};

double write_all(OrderedIndex& index, std::uint64_t& revision, const Options& options, std::uint64_t seed) {
  Writes writes(index, revision);
  std::vector<RecordPtr> batch;
  for (const std::uint64_t n : drawn(options, seed)) {
    batch.push_back(make_record(options, n, revision + 1));
    if (batch.size() == kBatch) writes.upsert(batch);
  }
  if (!batch.empty()) writes.upsert(batch);
  return writes.per_second();
}

double scan(OrderedIndex& index, Cursor::Direction direction) {
  const order::Pin* pin = index.pin();
  if (pin == nullptr) std::abort();
  const double begin = thread_cpu_seconds();
  std::uint64_t count = 0, sum = 0;
  Cursor cursor(pin->root, {}, direction);
  while (const Record* record = cursor.next()) {
    ++count;
    sum += record->value().size();
  }
  const double seconds = thread_cpu_seconds() - begin;
  if (count != pin->keys || sum == 0) std::abort();
  index.unpin(pin);
  return static_cast<double>(count) / seconds;
}

double counting(OrderedIndex& index) {
  const order::Pin* pin = index.pin();
  if (pin == nullptr) std::abort();
  const double begin = thread_cpu_seconds();
  const std::uint64_t count = Cursor(pin->root, {}, Cursor::kForward).count_left();
  const double seconds = thread_cpu_seconds() - begin;
  if (count != pin->keys) std::abort();
  index.unpin(pin);
  return static_cast<double>(count) / seconds;
}

void print(const char* what, const std::vector<double>& rates) {
  std::printf("  %-28s %8.0f K keys/s  (%.0f to %.0f)\n", what, quantile(rates, 0.5) / 1e3,
              quantile(rates, 0) / 1e3, quantile(rates, 1) / 1e3);
}

int run(const Options& options) {
  std::vector<double> inserts, replacements, up, down, counts;
  double bytes = 0, pool = 0;
  for (int round = 0; round < options.rounds; ++round) {
    OrderedIndex index;
    std::uint64_t revision = 0;
    const auto seed = static_cast<std::uint64_t>(round);
    inserts.push_back(write_all(index, revision, options, 2 * seed + 1));
    const order::Stats stats = index.stats();
    bytes = static_cast<double>(stats.node_bytes) / static_cast<double>(stats.keys);
    pool = static_cast<double>(stats.pool_bytes) / static_cast<double>(stats.keys);
    replacements.push_back(write_all(index, revision, options, 2 * seed + 2));
    up.push_back(scan(index, Cursor::kForward));
    down.push_back(scan(index, Cursor::kReverse));
    counts.push_back(counting(index));
  }
  std::printf("ordered index, %llu keys of 16 bytes, %.*s, batches of %llu, nodes of %zu bytes\n",
              static_cast<unsigned long long>(options.keys), static_cast<int>(options.shape.size()),
              options.shape.data(), static_cast<unsigned long long>(kBatch), order::kNodeBytes);
  std::printf("  %-28s %8.1f bytes a key, and %.1f of spare nodes\n", "memory", bytes, pool);
  print("insert from empty", inserts);
  print("replace", replacements);
  print("scan up", up);
  print("scan down", down);
  print("count", counts);
  return 0;
}

}  // namespace
}  // namespace flashkv::bench

int main(int argc, char** argv) {
  flashkv::bench::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--keys") options.keys = std::strtoull(argv[i + 1], nullptr, 10);
    if (flag == "--rounds") options.rounds = std::atoi(argv[i + 1]);
    if (flag == "--shape") options.shape = argv[i + 1];
  }
  const bool known = options.shape == "random" || options.shape == "text" || options.shape == "counted";
  if (known && options.keys > 0 && options.rounds > 0) return flashkv::bench::run(options);
  std::fputs("usage: order_bench [--keys N] [--rounds N] [--shape random|text|counted]\n", stderr);
  return 2;
}
