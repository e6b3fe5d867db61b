// Which keys a thread reads, in which order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flashkv::bench {

// Numbers of keys, drawn beforehand: reading them in a row costs next to nothing, and keys are made of them
// on the fly, so that no table of keys competes for the cache.
using Draw = std::vector<std::uint32_t>;

// Purpose: draws below `keys`: "uniform", or "zipf" with exponent 0.99, whose popular keys lie scattered
//          among the others.
// Source:  J. Gray et al., "Quickly generating billion-record synthetic databases", SIGMOD 1994.
std::vector<Draw> make_draws(const std::string& distribution, std::uint64_t keys, unsigned threads,
                             std::size_t length);

}  // namespace flashkv::bench
