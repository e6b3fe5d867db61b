#include "client/kvctl/records/writer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

// Key and value as text, or as base64 where they are not UTF-8, and the expiry: the columns of the heading.
constexpr std::string_view kColumns[] = {"key", "key_b64", "value", "value_b64", "ttl_ms"};
using Cells = std::array<std::string, 5>;

Cells cells_of(const client::KeyValue& kv, std::int64_t ttl_ms) {
  const bool key = is_utf8(kv.key);
  const bool value = is_utf8(kv.value);
  return {key ? kv.key : "", key ? "" : to_base64(kv.key), value ? kv.value : "",
          value ? "" : to_base64(kv.value), ttl_ms > 0 ? std::to_string(ttl_ms) : ""};
}

std::string json_line(const client::KeyValue& kv, std::int64_t ttl_ms) {
  nlohmann::ordered_json object;
  const auto add = [&object](const std::string& name, const std::string& bytes) {
    if (is_utf8(bytes))
      object[name] = bytes;
    else
      object[name + "_b64"] = to_base64(bytes);
  };
  add("key", kv.key);
  add("value", kv.value);
  if (ttl_ms > 0) object["ttl_ms"] = ttl_ms;
  return object.dump();
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted += '"';
}

std::string tsv_cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    const std::size_t which = std::string_view("\t\n\r\\").find(c);
    if (which != std::string_view::npos) escaped += '\\';
    escaped += which == std::string_view::npos ? c : "tnr\\"[which];
  }
  return escaped;
}

bool fits_line(const client::KeyValue& kv, std::string& why) {
  const bool ends = (kv.key + kv.value).find('\n') != std::string::npos;
  if (kv.key.empty() || kv.key.find(' ') != std::string::npos)
    why = "a line cannot hold a key with a blank; use another format";
  else if (ends)
    why = "a line cannot hold the end of a line; use another format";
  else if (kv.expires_at_ms != 0)
    why = "a line cannot hold an expiry; use another format";
  else
    return true;
  return false;
}

}  // namespace

std::string RecordWriter::heading() const {
  if (format_ != RecordFormat::kCsv && format_ != RecordFormat::kTsv) return "";
  std::string line;
  for (const std::string_view name : kColumns)
    line.append(line.empty() ? "" : format_ == RecordFormat::kCsv ? "," : "\t").append(name);
  return line += '\n';
}

bool RecordWriter::append(const client::KeyValue& kv, std::int64_t now_ms, std::string& out,
                          std::string& why) const {
  // At least 1: 0 would mean never.
  const std::int64_t ttl_ms =
      kv.expires_at_ms == 0 ? 0 : std::max<std::int64_t>(kv.expires_at_ms - now_ms, 1);
  if (format_ == RecordFormat::kJsonl) {
    out.append(json_line(kv, ttl_ms)).append(1, '\n');
    return true;
  }
  if (format_ == RecordFormat::kLines) {
    if (!fits_line(kv, why)) return false;
    out.append(kv.key).append(1, ' ').append(kv.value).append(1, '\n');
    return true;
  }
  const bool csv = format_ == RecordFormat::kCsv;
  bool first = true;
  for (const std::string& cell : cells_of(kv, ttl_ms)) {
    if (!first) out += csv ? ',' : '\t';
    first = false;
    out += csv ? csv_cell(cell) : tsv_cell(cell);
  }
  out += '\n';
  return true;
}

}  // namespace flashkv::kvctl
