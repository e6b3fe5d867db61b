#include "client/kvctl/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using Json = nlohmann::ordered_json;

void print(const std::string& bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

void add_bytes(Json& object, const std::string& name, const std::string& bytes, bool utf8) {
  if (utf8 && is_utf8(bytes))
    object[name] = bytes;
  else
    object[name + "_b64"] = to_base64(bytes);
}

// Numbers, booleans and null keep their type in json; everything else is text.
Json figure(const std::string& text) {
  const Json parsed = Json::parse(text, nullptr, false);
  if (parsed.is_number() || parsed.is_boolean() || parsed.is_null()) return parsed;
  return text;
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> width;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == width.size()) width.push_back(0);
      width[i] = std::max(width[i], row[i].size());
    }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(width[i] - row[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

Output::Output(Format format, bool utf8) : Output(format, utf8, ::isatty(STDOUT_FILENO) != 0) {}

std::string Output::plain(const std::string& bytes) const {
  return terminal_ ? quoted_unless_printable(bytes) : bytes;
}

// JSON leaves DEL and C1 as they are; a terminal acts on them.
std::string Output::json_line(const std::string& json) const {
  std::string line;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const bool c1 = byte == 0xC2 && static_cast<unsigned char>(json[i + 1]) < 0xA0;
    if (!terminal_ || (byte != 0x7f && !c1)) {
      line += json[i];
      continue;
    }
    char text[8];
    std::snprintf(text, sizeof text, "\\u00%02x", c1 ? static_cast<unsigned char>(json[++i]) : byte);
    line += text;
  }
  return line + '\n';
}

void Output::key_values(const std::vector<client::KeyValue>& kvs, bool print_key, bool keys_only) const {
  if (format_ == Format::kSimple) {
    for (const auto& kv : kvs) {
      if (print_key || keys_only) print(plain(kv.key) + "\n");
      if (!keys_only) print(plain(kv.value) + "\n");
    }
    return;
  }
  if (format_ == Format::kJson) {
    for (const auto& kv : kvs) {
      Json object;
      add_bytes(object, "key", kv.key, utf8_);
      if (!keys_only) add_bytes(object, "value", kv.value, utf8_);
      object["create_revision"] = kv.create_revision;
      object["mod_revision"] = kv.mod_revision;
      object["version"] = kv.version;
      object["expires_at_ms"] = kv.expires_at_ms;
      print(json_line(object.dump()));
    }
    return;
  }
  std::vector<std::vector<std::string>> rows{{"KEY", "VALUE", "CREATED", "MODIFIED", "VERSION", "EXPIRES"}};
  for (const auto& kv : kvs)
    rows.push_back({printable(kv.key), printable(kv.value), std::to_string(kv.create_revision),
                    std::to_string(kv.mod_revision), std::to_string(kv.version),
                    kv.expires_at_ms == 0 ? "never" : std::to_string(kv.expires_at_ms)});
  print(table(rows));
}

void Output::answer(const std::string& name, const std::string& word, std::uint64_t revision) const {
  if (format_ == Format::kJson) {
    Json object;
    object[name] = figure(word);
    object["revision"] = revision;
    print(object.dump() + "\n");
  } else if (format_ == Format::kTable) {
    std::string heading = name;
    std::transform(heading.begin(), heading.end(), heading.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    print(table({{heading, "REVISION"}, {word, std::to_string(revision)}}));
  } else {
    print(word + "\n");
  }
}

void Output::fields(const std::vector<std::pair<std::string, std::string>>& rows) const {
  if (format_ == Format::kJson) {
    Json object;
    for (const auto& [name, value] : rows) object[name] = figure(value);
    print(json_line(object.dump()));
    return;
  }
  std::vector<std::vector<std::string>> cells;
  if (format_ == Format::kTable) cells.push_back({"NAME", "VALUE"});
  const bool escape = terminal_ || format_ == Format::kTable;
  for (const auto& [name, value] : rows) cells.push_back({name, escape ? printable(value) : value});
  print(format_ == Format::kTable ? table(cells) : [&] {
    std::string lines;
    for (const auto& row : cells) lines += row[0] + " " + row[1] + "\n";
    return lines;
  }());
}

}  // namespace flashkv::kvctl
