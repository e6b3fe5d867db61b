// A line typed at a terminal, with history and completion: libedit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flashkv::kvctl {

// Purpose: reads lines as bash does: arrow keys, Ctrl-R through the history, Tab for completion.
// Usage:   LineEditor editor("> ", canceller.idle_fd(), complete); std::string line;
//          while (editor.read(line) != LineEditor::kEnd) run(line);
// Threads: one; one editor at a time.
// Lifetime: the terminal is in its usual mode outside read().
class LineEditor {
 public:
  enum Next { kLine, kInterrupted, kEnd };  // kInterrupted: `interrupt_fd` was readable; the line is dropped
  // What the word may become behind the words before it.
  using Complete = std::function<std::vector<std::string>(const std::vector<std::string>& before,
                                                          const std::string& word)>;

  LineEditor(std::string prompt, int interrupt_fd, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  Next read(std::string& line);  // without its newline
  void remember(const std::string& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flashkv::kvctl
