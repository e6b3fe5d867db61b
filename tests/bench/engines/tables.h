// Tables of the size that fits, filled, side by side as far as the memory goes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/engines/contestant.h"
#include "tests/bench/engines/floor.h"
#include "tests/bench/engines/options.h"
#include "tests/bench/engines/table_writer.h"

namespace flashkv::bench {

// Purpose: a contestant with the number of keys it gets: what was asked for, or less, and then why.
struct Entrant {
  Contestant contestant;
  std::uint64_t keys = 0;
  double bytes = 0;       // that it will take, as far as a small table tells
  double most_bytes = 0;  // that it may take
  std::string why_fewer;
};

// Bytes a key are estimated from a small table of it.
Entrant size_up(const Contestant& contestant, const Options& options, std::uint64_t keys);

// Those that fit into the memory together, in one group after the other.
std::vector<std::vector<Entrant>> groups(const std::vector<Contestant>& contestants, const Options& options,
                                         std::uint64_t keys);
std::vector<Contestant> chosen_contestants(const Options& options);

// Purpose: an entrant's table, filled and at rest. Where the small table told too little, it ends with fewer
//          keys.
struct FilledTable {
  explicit FilledTable(Entrant filled_with);
  Entrant entrant;
  std::unique_ptr<AnyEngine> table;
  Floor floor;
  TableWriter writer;
  double fill_cpu_ns = 0;  // of the writer's thread, a key
};
using FilledTables = std::vector<std::unique_ptr<FilledTable>>;
FilledTables fill(const std::vector<Entrant>& group);

// One round that does not count where asked for, then as many as options.pairs, every other one backwards.
enum class WarmUp : bool { kNo = false, kYes = true };
void rounds(const Options& options, WarmUp warm_up, std::size_t racers,
            const std::function<void(std::size_t racer, bool counts)>& run);
// Long enough to come by keys that no cache has.
std::size_t draw_length(const Options& options);

}  // namespace flashkv::bench
