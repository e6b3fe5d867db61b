#include "tests/bench/engines/reader_crew.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/bench/engines/machine.h"
#include "tests/bench/interleaved.h"
#include "tests/bench/key.h"

namespace flashkv::bench {
namespace {

// Reads between two looks at the flag: short beside the shortest measurement, long beside the look.
constexpr std::size_t kReadsALook = 64;
constexpr std::uint64_t kNowhere = std::uint64_t{1} << 40;  // no table has that many keys

[[noreturn]] void wrong(const char* what) {
  std::fprintf(stderr, "engine_bench: a reader %s\n", what);
  std::exit(4);
}

}  // namespace

ReaderCrew::ReaderCrew(const MakeReader& make_reader, const std::vector<Draw>& draws, Work work)
    : work_(work) {
  for (std::size_t t = 0; t < draws.size(); ++t) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->thread = std::thread([this, &make_reader, &draws, t] {
      pin_to_last(static_cast<unsigned>(t));
      const std::unique_ptr<ReadHandle> reader = make_reader();
      run(*members_[t], *reader, draws[t]);
    });
    // One by one, so that members_ stands still when its thread looks at it.
    while (ready_.load(std::memory_order_acquire) <= t) std::this_thread::yield();
  }
}

template <typename Read>
void ReaderCrew::loop(Member& member, const Draw& draw, Read&& read) {
  const double wall = wall_seconds(), cpu = thread_cpu_seconds();
  std::size_t at = 0;
  std::uint64_t reads = 0;
  do {  // once at least: a thread that gets no processor in time still has figures
    const std::uint64_t limit = work_.limit != nullptr ? work_.limit->load(std::memory_order_acquire) : 0;
    for (std::size_t i = 0; i < kReadsALook; ++i) {
      std::uint64_t n = draw[at];
      if (limit != 0) n = (n * limit) >> 32;  // the draw is of the whole 32-bit range then
      read(n);
      if (++at == draw.size()) at = 0;
    }
    reads += kReadsALook;
    member.reads.store(reads, std::memory_order_relaxed);
  } while (!stop_.load(std::memory_order_relaxed));
  member.cpu = thread_cpu_seconds() - cpu;
  member.wall = wall_seconds() - wall;
}

void ReaderCrew::run(Member& member, ReadHandle& reader, const Draw& draw) {
  std::string value;
  Lookup hit;
  hit.value = &value;
  const bool expected = !work_.absent;
  const std::uint64_t first = work_.first + (work_.absent ? kNowhere : 0);
  const auto read = [&](std::uint64_t n) {
    const Key key(first + n);
    reader.get(key.view(), hit);
    if (hit.found != expected) wrong(expected ? "missed a key" : "found a key that was never written");
    if (expected && value != key.view()) wrong("got another key's value");
  };
  read(0);  // whatever the first read of a thread sets up
  ready_.fetch_add(1, std::memory_order_release);
  while (!go_.load(std::memory_order_acquire)) std::this_thread::yield();
  if (!work_.timed) return loop(member, draw, read);
  loop(member, draw, [&](std::uint64_t n) {
    const auto began = std::chrono::steady_clock::now();
    read(n);
    const auto ns = std::chrono::steady_clock::now() - began;
    member.latency.record(static_cast<std::uint64_t>(std::chrono::nanoseconds(ns).count()));
  });
}

void ReaderCrew::go() noexcept { go_.store(true, std::memory_order_release); }

std::uint64_t ReaderCrew::reads() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& member : members_) sum += member->reads.load(std::memory_order_relaxed);
  return sum;
}

ReadResult ReaderCrew::stop() {
  stop_.store(true, std::memory_order_relaxed);
  go();
  ReadResult result;
  double cpu = 0;
  for (const auto& member : members_) {
    if (member->thread.joinable()) member->thread.join();
    const auto reads = static_cast<double>(member->reads.load(std::memory_order_relaxed));
    result.reads += member->reads.load(std::memory_order_relaxed);
    result.per_second += member->wall > 0 ? reads / member->wall : 0;
    cpu += member->cpu;
    result.latency = member->latency;
  }
  result.cpu_ns = result.reads > 0 ? cpu * 1e9 / static_cast<double>(result.reads) : 0;
  return result;
}

void sleep_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

ReadResult read_for(double seconds, const ReaderCrew::MakeReader& make_reader, const std::vector<Draw>& draws,
                    ReaderCrew::Work work) {
  ReaderCrew crew(make_reader, draws, work);
  crew.go();
  sleep_for(seconds);
  return crew.stop();
}

}  // namespace flashkv::bench
