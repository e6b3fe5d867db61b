// Threads that read without a pause.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "storage/table/read_handle.h"
#include "storage/writer/histogram.h"
#include "tests/bench/engines/draw.h"

namespace flashkv::bench {

// What they did between go() and stop().
struct ReadResult {
  std::uint64_t reads = 0;
  double cpu_ns = 0;      // of processor time a read: what a read costs whoever makes it
  double per_second = 0;  // reads of all threads together
  Histogram latency;      // ns; of timed crews, which have one thread
};

// Purpose: a thread for each draw, on the last processors, each with a reader of its own.
// Usage:   ReaderCrew crew(make_reader, draws, {});  crew.go();  sleep;  ReadResult r = crew.stop();
// Lifetime: draws and whatever make_reader refers to outlive it.
// Errors:  a key that is not as expected ends the program: figures of wrong answers mean nothing.
class ReaderCrew {
 public:
  using MakeReader = std::function<std::unique_ptr<ReadHandle>()>;
  struct Work {
    bool absent = false;                                // the keys are not in the table
    bool timed = false;                                 // a clock before and after each read; one thread
    std::uint64_t first = 0;                            // added to the draw's numbers
    const std::atomic<std::uint64_t>* limit = nullptr;  // read only keys below it, which may rise
  };

  ReaderCrew(const MakeReader& make_reader, const std::vector<Draw>& draws, Work work);
  ReaderCrew(const ReaderCrew&) = delete;
  ReaderCrew& operator=(const ReaderCrew&) = delete;
  ~ReaderCrew() { stop(); }

  void go() noexcept;
  // Reads so far, a little behind.
  std::uint64_t reads() const noexcept;
  ReadResult stop();

 private:
  struct alignas(128) Member {
    std::atomic<std::uint64_t> reads{0};
    double cpu = 0, wall = 0;  // seconds
    Histogram latency;
    std::thread thread;
  };
  void run(Member& member, ReadHandle& reader, const Draw& draw);
  template <typename Read>
  void loop(Member& member, const Draw& draw, Read&& read);

  const Work work_;
  std::atomic<unsigned> ready_{0};
  std::atomic<bool> go_{false};
  std::atomic<bool> stop_{false};
  std::vector<std::unique_ptr<Member>> members_;
};

// Reads for so many seconds, and nothing else happens.
ReadResult read_for(double seconds, const ReaderCrew::MakeReader& make_reader, const std::vector<Draw>& draws,
                    ReaderCrew::Work work);
void sleep_for(double seconds);

}  // namespace flashkv::bench
