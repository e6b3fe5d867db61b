#include "client/kvctl/output.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

using Json = nlohmann::ordered_json;

void print(const std::string& bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

void add_bytes(Json& object, const std::string& name, const std::string& bytes) {
  if (is_utf8(bytes))
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
      width[i] = std::max(width[i], columns(row[i]));
    }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(width[i] - columns(row[i]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

Output::Output(Format format) : Output(format, ::isatty(STDOUT_FILENO) != 0) {}

std::string Output::plain(const std::string& bytes) const {
  return terminal_ ? quoted_unless_printable(bytes) : bytes;
}

// JSON leaves DEL, C1 and the like as they are; a terminal acts on them.
std::string Output::json_line(const std::string& json) const {
  if (!terminal_) return json + '\n';
  std::string line;
  for (std::size_t i = 0; i < json.size();) {
    const std::size_t length = control_at(json, i, true);
    if (length == 0) {
      line += json[i++];
      continue;
    }
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(code_point(json.substr(i, length))));
    line += text;
    i += length;
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
      add_bytes(object, "key", kv.key);
      if (!keys_only) add_bytes(object, "value", kv.value);
      object["create_revision"] = kv.create_revision;
      object["mod_revision"] = kv.mod_revision;
      object["version"] = kv.version;
      object["expires_at_ms"] = kv.expires_at_ms;
      print(json_line(object.dump()));
    }
    return;
  }
  std::vector<std::vector<std::string>> rows{
      {"KEY", "VALUE", "VERSION", "CREATE_REVISION", "MOD_REVISION", "EXPIRES"}};
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  for (const auto& kv : kvs)
    rows.push_back(
        {printable(kv.key), printable(kv.value), std::to_string(kv.version),
         std::to_string(kv.create_revision), std::to_string(kv.mod_revision),
         kv.expires_at_ms == 0 ? "never" : format_left(std::chrono::milliseconds(kv.expires_at_ms) - now)});
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

void Output::fields(const std::vector<Field>& rows) const {
  if (format_ == Format::kJson) {
    Json object;
    for (const auto& [name, value, text] : rows) object[name] = text ? Json(value) : figure(value);
    print(json_line(object.dump()));
    return;
  }
  std::vector<std::vector<std::string>> cells;
  if (format_ == Format::kTable) cells.push_back({"NAME", "VALUE"});
  const bool escape = terminal_ || format_ == Format::kTable;
  for (const auto& [name, value, text] : rows) cells.push_back({name, escape ? printable(value) : value});
  print(format_ == Format::kTable ? table(cells) : [&] {
    std::string lines;
    for (const auto& row : cells) lines += row[0] + " " + row[1] + "\n";
    return lines;
  }());
}

}  // namespace flashkv::kvctl
