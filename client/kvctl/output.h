// What kvctl prints on standard output, in the three forms.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/flashkv/types.h"
#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// Purpose: one place for the shapes: simple for pipes, table for people, json one object a line.
// Threads: one.
// Limits:  json holds bytes as base64 ("key_b64"), with utf8 as text ("key") where they are valid UTF-8.
class Output {
 public:
  Output(Format format, bool utf8) : format_(format), utf8_(utf8) {}

  // Keys that were found; `print_key` matters in simple form alone.
  void key_values(const std::vector<client::KeyValue>& kvs, bool print_key, bool keys_only) const;
  // A word in simple form ("OK", "3"), an object with its name in json.
  void answer(const std::string& name, const std::string& word, std::uint64_t revision) const;
  // Names and figures, one a line.
  void fields(const std::vector<std::pair<std::string, std::string>>& rows) const;

 private:
  Format format_;
  bool utf8_;
};

// Aligned columns; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);
// Bytes with everything that is not printable escaped, for people.
std::string printable(const std::string& bytes);

}  // namespace flashkv::kvctl
