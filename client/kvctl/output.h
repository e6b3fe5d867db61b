// Standard output of kvctl, in its three formats.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/flashkv/types.h"
#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// Purpose: prints results as simple (for pipes), table (for people) or json (one object per line).
// Usage:   Output(settings.format, settings.utf8).answer("deleted", "3", revision);
// Threads: one.
// Limits:  json encodes bytes as base64 ("key_b64"); with utf8, valid UTF-8 is text ("key"). Tables, and
//          every format on a terminal, never contain a raw control character.
class Output {
 public:
  Output(Format format, bool utf8);
  Output(Format format, bool utf8, bool terminal) : format_(format), utf8_(utf8), terminal_(terminal) {}

  // `print_key` applies to simple only.
  void key_values(const std::vector<client::KeyValue>& kvs, bool print_key, bool keys_only) const;
  // Simple: the word alone ("OK", "3"). json: an object that names it.
  void answer(const std::string& name, const std::string& word, std::uint64_t revision) const;
  // Named values, one per line.
  void fields(const std::vector<std::pair<std::string, std::string>>& rows) const;

 private:
  std::string plain(const std::string& bytes) const;
  std::string json_line(const std::string& json) const;

  Format format_;
  bool utf8_;
  bool terminal_;
};

// Aligned columns; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace flashkv::kvctl
