// The file that --config names.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace flashkv {

// Setting names to their values' text.
using Texts = std::map<std::string, std::string, std::less<>>;

// Purpose: reads NAME = VALUE lines into `keys`. Returns an empty string, or one line about what is
//          wrong.
// Limits:  1 MiB, and two seconds for the writer of a pipe, so it returns soon whatever the path names.
std::string read_config_file(const std::string& path, Texts& keys);

}  // namespace flashkv
