#include "client/kvctl/shell/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace flashkv::kvctl {
namespace {

constexpr mode_t kOwnerOnly = 0600;

// Opens with the owner's permissions only, also where the file had others; -1 if it cannot be written.
int open_private(const std::string& path, int flags) {
  std::error_code ignored;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!std::filesystem::exists(folder, ignored)) {
    std::filesystem::create_directories(folder, ignored);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  }
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, kOwnerOnly);
  if (fd >= 0 && ::fchmod(fd, kOwnerOnly) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

bool write_all(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
    if (n < 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

std::string history_path() {
  // The XDG specification ignores a path that is not absolute.
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return std::string(state) + "/kvctl/history";
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.local/state/kvctl/history" : "";
}

std::vector<std::string> HistoryFile::load() const {
  std::vector<std::string> lines;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.size() <= kMostLines) return lines;
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kMostLines));
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  // A new file that takes the old one's name: a full disk loses nothing.
  const std::string shorter = path_ + ".new";
  const int fd = open_private(shorter, O_TRUNC);
  const bool written = fd >= 0 && write_all(fd, text);
  if (fd >= 0) ::close(fd);
  if (written)
    ::rename(shorter.c_str(), path_.c_str());
  else
    ::unlink(shorter.c_str());
  return lines;
}

void HistoryFile::append(const std::string& line) const {
  if (path_.empty()) return;
  const int fd = open_private(path_, O_APPEND);
  if (fd < 0) return;
  write_all(fd, line + '\n');
  ::close(fd);
}

}  // namespace flashkv::kvctl
