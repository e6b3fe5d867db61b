// A terminal that is drawn on: ncurses.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "client/kvctl/top/top_line.h"

namespace flashkv::kvctl {

// Purpose: takes the terminal of standard input and output, draws lines on it, and leaves it as it was: the
//          screen, the cursor, echo, and the modes of the line. Handles Ctrl-Z, SIGTSTP and SIGCONT.
// Usage:   if (auto screen = Screen::open())
//            while (screen->wait(100ms) != Screen::Event::kQuit) screen->draw(lines_of(screen->size()));
// Threads: one; one screen at a time.
// Lifetime: the destructor gives the terminal back: a signal that ends the program must only set a flag.
class Screen {
 public:
  enum class Event { kNothing, kDraw, kQuit };
  struct Size {
    std::size_t width = 0, height = 0;
  };

  // Null if either is not a terminal, or it cannot place its cursor.
  static std::unique_ptr<Screen> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  Size size() const;
  // Of those that exist, the first size().height lines; each is cut off at size().width.
  void draw(const std::vector<TopLine>& lines);
  // Until a key, a signal or `longest`. kQuit: q, Ctrl-C or Ctrl-\, or the terminal is gone. kDraw: the size
  // has changed, or something else was on the screen.
  Event wait(std::chrono::milliseconds longest);

 private:
  struct State;
  explicit Screen(std::unique_ptr<State> state);
  void suspend();

  std::unique_ptr<State> state_;
};

}  // namespace flashkv::kvctl
