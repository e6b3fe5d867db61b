// What a read-modify-write costs a processor that has many cache misses under way at once. No engine takes
// part: each lookup is one load of a random line, none needs the one before.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "tests/bench/engines/machine.h"
#include "tests/bench/engines/workloads.h"
#include "tests/bench/interleaved.h"
#include "tests/bench/key.h"

namespace flashkv::bench {
namespace {

constexpr std::size_t kWordsALine = 8;
constexpr std::size_t kHeld = 256;

struct alignas(128) Count {
  std::atomic<std::int64_t> readers{0};
};

// Purpose: lines that no cache holds all of, and the counts that lookups announce themselves in.
class Lines {
 public:
  Lines(std::size_t lines, unsigned threads)
      : mask_(lines - 1), words_(lines * kWordsALine, 1), private_(threads) {}

  std::uint64_t word(std::uint64_t n) const noexcept { return words_[(n & mask_) * kWordsALine]; }
  Count& own(unsigned thread) noexcept { return private_[thread]; }
  Count& shared() noexcept { return shared_; }

 private:
  std::uint64_t mask_;
  std::vector<std::uint64_t> words_;
  std::vector<Count> private_;
  Count shared_;
};

// `Hold` lookups between entering and leaving; 0: nobody enters. The state is a local, because what is not
// has to stand in memory around each read-modify-write, and that is not what is measured.
template <std::size_t Hold>
std::uint64_t look(const Lines& lines, Count& count, std::uint64_t& state) {
  constexpr std::size_t kTogether = Hold == 0 ? kHeld : Hold;
  std::uint64_t sum = 0;
  std::uint64_t random = state;
  for (std::size_t first = 0; first < kHeld; first += kTogether) {
    if (Hold != 0) count.readers.fetch_add(1);
    for (std::size_t i = 0; i < kTogether; ++i) sum += lines.word(next_random(random) >> 8);
    if (Hold != 0) count.readers.fetch_sub(1);
  }
  state = random;
  return sum;
}

struct Way {
  const char* name;
  bool shared;
  std::uint64_t (*look)(const Lines&, Count&, std::uint64_t&);
};
constexpr Way kWays[] = {
    {"without", false, &look<0>},
    {"pair a lookup, private line", false, &look<1>},
    {"pair a lookup, one line for all", true, &look<1>},
    {"pair held over 256 lookups", false, &look<kHeld>},
};

// ns of processor time a lookup.
double measure(const Way& way, Lines& lines, unsigned threads, double seconds) {
  std::vector<double> ns(threads);
  std::vector<std::thread> all;
  std::atomic<bool> stop{false};
  for (unsigned t = 0; t < threads; ++t) {
    all.emplace_back([&, t] {
      pin_to_last(t);
      std::uint64_t state = 2 * t + 1, sum = 0, lookups = 0;
      Count& count = way.shared ? lines.shared() : lines.own(t);
      const double began = thread_cpu_seconds();
      while (!stop.load(std::memory_order_relaxed)) {
        sum += way.look(lines, count, state);
        lookups += kHeld;
      }
      ns[t] = (thread_cpu_seconds() - began) * 1e9 / static_cast<double>(std::max<std::uint64_t>(lookups, 1));
      if (lookups > 0 && sum == 0) std::abort();
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop.store(true);
  for (std::thread& one : all) one.join();
  double sum = 0;
  for (const double n : ns) sum += n;
  return sum / static_cast<double>(threads);
}

}  // namespace

void rmw_cost(const Options& options, Report& report) {
  const std::size_t count = options.smoke ? std::size_t{1} << 14 : std::size_t{1} << 23;  // 512 MiB
  for (const unsigned readers : options.readers) {
    Lines lines(count, readers);
    std::vector<Row*> rows;
    for (const Way& way : kWays) {
      Row row;
      row.workload = "rmw-cost";
      row.contestant = way.name;
      row.kind = "loop";
      row.distribution = "uniform";
      row.readers = readers;
      row.keys = count;
      rows.push_back(&report.row(row));
    }
    rounds(options, WarmUp::kYes, std::size(kWays), [&](std::size_t i, bool counts) {
      const double ns = measure(kWays[i], lines, readers, options.seconds);
      if (counts) rows[i]->add("ns_per_lookup", ns);
    });
    for (std::size_t i = 0; i < std::size(kWays); ++i) {
      for (std::size_t s = 0; s < options.pairs; ++s) {
        rows[i]->add("times_without",
                     (*rows[i]->find("ns_per_lookup"))[s] / (*rows[0]->find("ns_per_lookup"))[s]);
      }
    }
    report.print_new("independent loads of random lines; " + how_long(options));
  }
}

}  // namespace flashkv::bench
