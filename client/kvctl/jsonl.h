// One record of an import file: one JSON object per line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashkv::kvctl {

struct ImportRecord {
  std::string key, value;
  std::int64_t ttl_ms = 0;
};

// Purpose: parses {"key": text, "value": text} or {"key_b64", "value_b64"}, with an optional "ttl_ms".
// Usage:   ImportRecord r; std::string why; if (!parse_jsonl(line, r, why)) report(number, why);
// Threads: any, each with its own record.
// Cost:    one pass, no document in memory; the record's strings are reused.
// Errors:  returns false and sets `why`: not an object, a missing, repeated or unknown field, a wrong type,
//          bad base64.
bool parse_jsonl(std::string_view line, ImportRecord& record, std::string& why);

}  // namespace flashkv::kvctl
