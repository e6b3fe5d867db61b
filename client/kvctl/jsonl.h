// One record of an import file: one JSON object per line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashkv::kvctl {

struct ImportRecord {
  std::string key, value;
  std::int64_t ttl_ms = 0;
  std::int64_t expires_at_ms = 0;  // Unix milliseconds; 0 = ttl_ms counts, from when the record is written
};

// Purpose: parses {"key": text, "value": text} or {"key_b64", "value_b64"}, with an optional "ttl_ms" or
//          "expires_at_ms". What -w json prints of a key may be there too: its revisions and version are read
//          over.
// Usage:   ImportRecord r; std::string why; if (!parse_jsonl(line, r, why)) report(number, why);
// Threads: any, each with its own record.
// Cost:    one pass, no document in memory; the record's strings are reused.
// Errors:  returns false and sets `why`: not an object, a missing, repeated or unknown field, a wrong type,
//          bad base64.
bool parse_jsonl(std::string_view line, ImportRecord& record, std::string& why);

}  // namespace flashkv::kvctl
