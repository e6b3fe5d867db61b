// What the commands that work on many keys take from the command line.
#pragma once

#include <cstdint>
#include <string>

#include "client/flashkv/types.h"

namespace flashkv::kvctl {

// scan, keys, count.
struct ScanSettings {
  client::KeyRange range;
  client::ScanOptions options;
};

struct ExportSettings {
  client::KeyRange range;
  std::string file = "-";
  std::string format = "auto";  // by the name of the file
};

// del without keys.
struct DelRangeSettings {
  client::KeyRange range;
  bool chosen = false;      // --prefix or --range is given
  std::uint64_t limit = 0;  // 0 = all at once
  bool all = false;
  bool yes = false;
};

}  // namespace flashkv::kvctl
