// Contestants measured in turn, so that whatever else the machine does hits all of them alike.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace flashkv::bench {

inline double clock_seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}
inline double wall_seconds() { return clock_seconds(CLOCK_MONOTONIC); }
inline double thread_cpu_seconds() { return clock_seconds(CLOCK_THREAD_CPUTIME_ID); }

// The value below which that part (0..1) of the samples lies.
inline double quantile(std::vector<double> samples, double part) {
  if (samples.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(samples.size() - 1) + 0.5);
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(at), samples.end());
  return samples[at];
}

// Purpose: medians of contestants that run in turn, and their ratios to the first one, taken round by round.
// Usage:   Interleaved race; race.add("a", [] { ...; return ns_each; }); race.add("b", ...); race.run(15);
class Interleaved {
 public:
  void add(std::string name, std::function<double()> run) {
    contestants_.push_back({std::move(name), std::move(run), {}});
  }

  // One round unmeasured, then `rounds`; every other one in reverse order.
  void run(int rounds) {
    for (Contestant& c : contestants_) c.run();
    for (int round = 0; round < rounds; ++round) {
      for (Contestant& c : contestants_) c.samples.push_back(0);
      for (std::size_t i = 0; i < contestants_.size(); ++i) {
        Contestant& c = contestants_[round % 2 == 0 ? i : contestants_.size() - 1 - i];
        c.samples.back() = c.run();
      }
    }
  }

  // "name: median ns, ratio to the first: median [quartiles]".
  void print(const char* unit) const {
    for (const Contestant& c : contestants_) {
      std::vector<double> ratios;
      for (std::size_t i = 0; i < c.samples.size(); ++i)
        ratios.push_back(c.samples[i] / contestants_[0].samples[i]);
      std::printf("  %-28s %9.2f %s   x%.3f [%.3f %.3f]\n", c.name.c_str(), quantile(c.samples, 0.5), unit,
                  quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75));
    }
  }

 private:
  struct Contestant {
    std::string name;
    std::function<double()> run;
    std::vector<double> samples;
  };
  std::vector<Contestant> contestants_;
};

}  // namespace flashkv::bench
