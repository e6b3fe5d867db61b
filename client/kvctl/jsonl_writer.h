// One record as a line that import reads.
#pragma once

#include <cstdint>
#include <string>

#include "client/flashkv/types.h"

namespace flashkv::kvctl {

// Appends {"key": text, "value": text}, with key_b64 or value_b64 for bytes that are not UTF-8, "ttl_ms"
// unless `ttl_ms` is 0, and a newline.
void append_jsonl(const client::KeyValue& kv, std::int64_t ttl_ms, std::string& to);

}  // namespace flashkv::kvctl
