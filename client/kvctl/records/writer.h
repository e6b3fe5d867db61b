// Records as lines of a file, in any format: what import reads.
#pragma once

#include <cstdint>
#include <string>

#include "client/flashkv/types.h"
#include "client/kvctl/records/format.h"

namespace flashkv::kvctl {

// Purpose: turns key-value pairs into lines.
// Usage:   const RecordWriter writer(RecordFormat::kCsv);
//          std::string out = writer.heading();
//          for (auto& kv : kvs) if (!writer.append(kv, now_ms, out, why)) report(kv.key, why);
// Threads: any; it has no state.
// Cost:    appends to `out`; the caller decides when to write it.
// Errors:  append() returns false, sets `why` and leaves `out` alone if the format cannot hold the record:
//          kLines has no key with a blank, no line ends, and no expiry.
class RecordWriter {
 public:
  explicit RecordWriter(RecordFormat format) : format_(format) {}

  std::string heading() const;  // a line, or nothing
  // `now_ms`: Unix milliseconds, from which the time left is counted.
  bool append(const client::KeyValue& kv, std::int64_t now_ms, std::string& out, std::string& why) const;

 private:
  RecordFormat format_;
};

}  // namespace flashkv::kvctl
