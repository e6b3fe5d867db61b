// The lines typed into kvctl's shell, kept from one session to the next.
#pragma once

#include <string>
#include <vector>

namespace flashkv::kvctl {

// $XDG_STATE_HOME/kvctl/history, by default ~/.local/state/kvctl/history; empty without a home.
std::string history_path();

// Purpose: a file of lines, readable by its owner only: values may be secrets.
// Usage:   HistoryFile file(history_path()); for (auto& line : file.load()) show(line); file.append(typed);
// Threads: one. Shells that run at the same time append to the same file.
// Limits:  load() returns the newest kMostLines and cuts the file to them.
// Errors:  a file that cannot be read or written is no history; nothing is reported.
class HistoryFile {
 public:
  static constexpr std::size_t kMostLines = 1000;

  explicit HistoryFile(std::string path) : path_(std::move(path)) {}
  std::vector<std::string> load() const;
  void append(const std::string& line) const;

 private:
  std::string path_;
};

}  // namespace flashkv::kvctl
