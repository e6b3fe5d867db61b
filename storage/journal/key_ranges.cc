#include "storage/journal/key_ranges.h"

#include <rocksdb/metadata.h>

#include <algorithm>
#include <cstdint>

namespace flashkv {
namespace {

// The keys at which a file begins or ends.
std::vector<std::string> file_ends(rocksdb::DB& db) {
  std::vector<rocksdb::LiveFileMetaData> files;
  db.GetLiveFilesMetaData(&files);
  std::vector<std::string> keys;
  for (const auto& file : files) {
    keys.push_back(file.smallestkey);
    keys.push_back(file.largestkey);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace

std::vector<std::string> dividing_keys(rocksdb::DB& db, std::size_t parts) {
  const std::vector<std::string> ends = file_ends(db);
  std::vector<std::string> chosen;
  if (parts < 2 || ends.size() < 3) return chosen;
  std::vector<rocksdb::Range> below;
  for (const std::string& key : ends) below.emplace_back(ends.front(), key);
  std::vector<std::uint64_t> bytes(below.size());
  db.GetApproximateSizes(db.DefaultColumnFamily(), below.data(), static_cast<int>(below.size()),
                         bytes.data());
  for (std::size_t part = 1; part < parts; ++part) {
    const std::uint64_t wanted = bytes.back() / parts * part;
    const auto at = std::lower_bound(bytes.begin(), bytes.end(), wanted);
    const std::string& key = ends[static_cast<std::size_t>(at - bytes.begin())];
    if (at != bytes.end() && key != ends.front() && key != ends.back() &&
        (chosen.empty() || chosen.back() < key)) {
      chosen.push_back(key);
    }
  }
  return chosen;
}

}  // namespace flashkv
