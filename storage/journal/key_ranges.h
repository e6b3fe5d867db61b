// Ranges of stored keys of about the same size, to be read side by side.
#pragma once

#include <rocksdb/db.h>

#include <cstddef>
#include <string>
#include <vector>

namespace flashkv {

// Keys that divide the stored ones into at most `parts` ranges of about the same number of bytes; ascending,
// each the first key of a range but the first. The ends of files are what there is to choose from, so a small
// journal may get fewer ranges.
std::vector<std::string> dividing_keys(rocksdb::DB& db, std::size_t parts);

}  // namespace flashkv
