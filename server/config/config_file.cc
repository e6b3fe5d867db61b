#include "server/config/config_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <sstream>
#include <system_error>
#include <vector>

#include "server/config/later_settings.h"
#include "server/config/settings.h"

namespace flashkv {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;  // a thousand times what all settings need
constexpr std::chrono::seconds kPatience{2};                 // for the writer of a pipe
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string reason(int error) { return std::generic_category().message(error); }

// Waits until there is more to read. Returns false if there is none by `end`.
bool readable(int file, std::chrono::steady_clock::time_point end) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
  pollfd waiting{file, POLLIN, 0};
  return left.count() > 0 && poll(&waiting, 1, static_cast<int>(left.count())) > 0;
}

// Appends an open file's contents to `text`. Returns an empty string, or why it could not.
std::string read_all(int file, std::string& text) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  std::array<char, 16384> piece{};
  while (text.size() <= kMaxFileBytes) {
    const ssize_t got = read(file, piece.data(), piece.size());
    if (got > 0) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    } else if (got == 0) {
      struct stat about {};
      const bool pipe = fstat(file, &about) == 0 && S_ISFIFO(about.st_mode);
      return pipe && text.empty() ? "nothing writes to this pipe" : "";
    } else if (errno == EAGAIN) {
      if (!readable(file, end)) return "its writer takes longer than two seconds";
    } else if (errno != EINTR) {
      return reason(errno);
    }
  }
  return "it is larger than 1 MiB";
}

std::string read_text(const std::string& path, std::string& text) {
  // O_NONBLOCK: opening a pipe would otherwise wait for its writer.
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) return reason(errno);
  std::string why = read_all(file, text);
  close(file);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return why;
}

bool is_known(std::string_view name) {
  return std::ranges::find(settings(), name, &Setting::name) != settings().end() ||
         std::ranges::find(later_settings(), name, &LaterSetting::name) != later_settings().end();
}

}  // namespace

std::string read_config_file(const std::string& path, Texts& keys) {
  constexpr const char* kAllowed = "; allowed: a file of NAME = VALUE lines";
  std::string text;
  if (const std::string why = read_text(path, text); !why.empty()) {
    return "--config: cannot read " + path + ": " + why + kAllowed;
  }
  const std::string where = "--config: " + path + ": ";
  std::istringstream lines(text);
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigTOML().from_config(lines);
  } catch (const CLI::Error& error) {
    return where + error.what() + kAllowed;
  }
  for (const CLI::ConfigItem& item : items) {
    if (!item.parents.empty()) return where + "[" + item.parents.front() + "]; allowed: no sections";
    if (item.inputs.size() != 1) return where + item.name + "; allowed: NAME = VALUE with one value";
    if (!is_known(item.name)) {
      return where + item.name + " is not a setting; allowed: the names of the flags in kvd --help";
    }
    keys[item.name] = item.inputs.front();
  }
  return {};
}

}  // namespace flashkv
