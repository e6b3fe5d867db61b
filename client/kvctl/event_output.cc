#include "client/kvctl/event_output.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(client::EventType type) {
  if (type == client::EventType::kDelete) return "DELETE";
  return type == client::EventType::kExpire ? "EXPIRE" : "PUT";
}

std::string padded(std::string text, std::size_t width) {
  text.append(width - std::min(width, text.size()) + 2, ' ');
  return text;
}

std::string row(const std::string& revision, const std::string& type, const std::string& key,
                const std::string& value, const std::string& before) {
  std::string line = padded(revision, 10) + padded(type, 6) + padded(key, 24);
  line += before.empty() ? value : padded(value, 24) + before;
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

void add_bytes(Json& object, const std::string& name, const std::string& bytes) {
  if (is_utf8(bytes))
    object[name] = bytes;
  else
    object[name + "_b64"] = to_base64(bytes);
}

Json json_of(const client::KeyValue& kv) {
  Json object;
  add_bytes(object, "value", kv.value);
  object["create_revision"] = kv.create_revision;
  object["mod_revision"] = kv.mod_revision;
  object["version"] = kv.version;
  object["expires_at_ms"] = kv.expires_at_ms;
  return object;
}

// With escapes for whatever is not ASCII on a terminal: some of it acts on one.
std::string json_line(const client::Event& event, bool terminal) {
  Json object;
  object["type"] = name_of(event.type);
  object["revision"] = event.kv.mod_revision;
  add_bytes(object, "key", event.kv.key);
  if (event.type == client::EventType::kPut) object.update(json_of(event.kv));
  if (event.prev_kv) object["prev"] = json_of(*event.prev_kv);
  std::string line = object.dump(-1, ' ', terminal);
  for (std::size_t at; terminal && (at = line.find('\x7f')) != std::string::npos;)
    line.replace(at, 1, "\\u007f");
  return line + "\n";
}

}  // namespace

std::string heading(Format format) {
  return format == Format::kTable ? row("REVISION", "TYPE", "KEY", "VALUE", "BEFORE") : "";
}

std::string lines_of(const client::Event& event, Format format, bool terminal) {
  if (format == Format::kJson) return json_line(event, terminal);
  const bool put = event.type == client::EventType::kPut;
  if (format == Format::kTable) {
    return row(std::to_string(event.kv.mod_revision), name_of(event.type), printable(event.kv.key),
               put ? printable(event.kv.value) : "", event.prev_kv ? printable(event.prev_kv->value) : "");
  }
  const auto plain = [terminal](const std::string& bytes) {
    return terminal ? quoted_unless_printable(bytes) : bytes;
  };
  std::string lines = name_of(event.type);
  lines.append(" ").append(plain(event.kv.key));
  if (put) lines.append(" ").append(plain(event.kv.value));
  lines.append("\n");
  if (event.prev_kv) lines.append("WAS ").append(plain(event.prev_kv->value)).append("\n");
  return lines;
}

}  // namespace flashkv::kvctl
