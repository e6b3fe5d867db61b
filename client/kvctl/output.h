// Standard output of kvctl, in its three formats.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/flashkv/types.h"
#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// One named figure or word.
struct Field {
  std::string name, value;
  bool text = false;  // a string in json even where it looks like a number
};

// Purpose: prints results as simple (for pipes), table (for people) or json (one object per line).
// Usage:   Output(settings.format).answer("deleted", "3", revision);
// Threads: one.
// Limits:  in json, keys and values are text ("key") where they are valid UTF-8, and otherwise base64
//          ("key_b64"): the shape that import reads. Tables, and every format on a terminal, never contain a
//          character that a terminal would act on.
class Output {
 public:
  explicit Output(Format format);
  Output(Format format, bool terminal) : format_(format), terminal_(terminal) {}

  // `print_key` applies to simple only.
  void key_values(const std::vector<client::KeyValue>& kvs, bool print_key, bool keys_only) const;
  // Simple: the word alone ("OK", "3"). json: an object that names it.
  void answer(const std::string& name, const std::string& word, std::uint64_t revision) const;
  // Named values, one per line.
  void fields(const std::vector<Field>& rows) const;

 private:
  std::string plain(const std::string& bytes) const;
  std::string json_line(const std::string& json) const;

  Format format_;
  bool terminal_;
};

// Aligned columns; the first row may be a heading. A character of UTF-8 takes one column.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace flashkv::kvctl
