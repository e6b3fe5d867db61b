// The file that --config names.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace flashkv {

// Texts by the names of their settings.
using Texts = std::map<std::string, std::string, std::less<>>;

// Purpose: reads NAME = VALUE lines into `keys`. Returns an empty string, or one line that says what
//          is wrong.
// Cost:    ends soon whatever the path names: a file may have 1 MiB, and a pipe's writer two seconds.
std::string read_config_file(const std::string& path, Texts& keys);

}  // namespace flashkv
