#include "client/kvctl/jsonl_writer.h"

#include <nlohmann/json.hpp>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {

void append_jsonl(const client::KeyValue& kv, std::int64_t ttl_ms, std::string& to) {
  nlohmann::ordered_json line;
  const auto add = [&line](const std::string& name, const std::string& bytes) {
    if (is_utf8(bytes))
      line[name] = bytes;
    else
      line[name + "_b64"] = to_base64(bytes);
  };
  add("key", kv.key);
  add("value", kv.value);
  if (ttl_ms != 0) line["ttl_ms"] = ttl_ms;
  to += line.dump();
  to += '\n';
}

}  // namespace flashkv::kvctl
