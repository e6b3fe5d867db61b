#include "client/kvctl/top/screen.h"

#define NCURSES_NOMACROS
#include <ncurses.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <thread>

namespace flashkv::kvctl {
namespace {

using std::chrono::milliseconds;

constexpr int kCtrlC = 3, kCtrlL = 12, kCtrlZ = 26, kCtrlBackslash = 28;

// Handlers may run on any thread, so they only tell the one that draws.
volatile std::sig_atomic_t stop_asked = 0, continued = 0;

void on_stop(int) { stop_asked = 1; }
void on_continue(int) { continued = 1; }

bool can_place_its_cursor() {
  int error = 0;
  if (::setupterm(nullptr, STDOUT_FILENO, &error) != OK) return false;
  const char* const move = ::tigetstr("cup");
  const bool can = move != nullptr && move != reinterpret_cast<const char*>(-1);
  ::del_curterm(cur_term);
  return can;
}

attr_t attributes_of(TopLine::Look look) {
  switch (look) {
    case TopLine::Look::kTitle:
      return A_REVERSE;
    case TopLine::Look::kHeading:
      return A_BOLD;
    case TopLine::Look::kTrouble:
      return A_BOLD | A_REVERSE;
    default:
      return A_NORMAL;
  }
}

}  // namespace

struct Screen::State {
  SCREEN* screen = nullptr;
  struct sigaction before_stop = {}, before_continue = {};
};

std::unique_ptr<Screen> Screen::open() {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 || !can_place_its_cursor()) return nullptr;
  auto state = std::make_unique<State>();
  // Before ncurses, which leaves alone what is handled.
  struct sigaction action = {};
  action.sa_handler = on_stop;
  sigaction(SIGTSTP, &action, &state->before_stop);
  action.sa_handler = on_continue;
  sigaction(SIGCONT, &action, &state->before_continue);
  stop_asked = 0;
  continued = 0;
  std::fflush(stdout);
  ::use_env(TRUE);
  ::use_tioctl(TRUE);  // LINES and COLUMNS of the environment know no later size
  state->screen = ::newterm(nullptr, stdout, stdin);
  if (state->screen == nullptr) {
    sigaction(SIGTSTP, &state->before_stop, nullptr);
    sigaction(SIGCONT, &state->before_continue, nullptr);
    return nullptr;
  }
  ::raw();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::set_escdelay(25);
  ::curs_set(0);
  return std::unique_ptr<Screen>(new Screen(std::move(state)));
}

Screen::Screen(std::unique_ptr<State> state) : state_(std::move(state)) {}

Screen::~Screen() {
  ::endwin();
  ::delscreen(state_->screen);
  sigaction(SIGTSTP, &state_->before_stop, nullptr);
  sigaction(SIGCONT, &state_->before_continue, nullptr);
}

Screen::Size Screen::size() const {
  return {.width = static_cast<std::size_t>(std::max(COLS, 1)),
          .height = static_cast<std::size_t>(std::max(LINES, 1))};
}

void Screen::draw(const std::vector<TopLine>& wanted) {
  ::werase(stdscr);
  const Size room = size();
  for (std::size_t y = 0; y < std::min(wanted.size(), room.height); ++y) {
    std::string text = wanted[y].text;
    const bool whole_width = wanted[y].look == TopLine::Look::kTitle;
    if (whole_width) text.resize(room.width, ' ');
    ::wattrset(stdscr, static_cast<int>(attributes_of(wanted[y].look)));
    ::mvwaddnstr(stdscr, static_cast<int>(y), 0, text.c_str(), static_cast<int>(room.width));
  }
  ::wattrset(stdscr, A_NORMAL);
  ::wrefresh(stdscr);
}

// Gives the terminal back and stops all of the job, as the terminal itself does with Ctrl-Z elsewhere.
void Screen::suspend() {
  constexpr int kLongest = 100;
  constexpr milliseconds kLook{10};
  ::endwin();
  continued = 0;
  struct sigaction stop = {};
  stop.sa_handler = SIG_DFL;
  sigaction(SIGTSTP, &stop, nullptr);
  ::kill(0, SIGTSTP);
  // The signal may reach another thread a little later. A job that nobody can continue is not stopped.
  for (int i = 0; i < kLongest && continued == 0; ++i) std::this_thread::sleep_for(kLook);
  stop.sa_handler = on_stop;
  sigaction(SIGTSTP, &stop, nullptr);
  stop_asked = 0;
  continued = 1;
}

Screen::Event Screen::wait(milliseconds longest) {
  pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  ::poll(&keys, 1, static_cast<int>(longest.count()));  // a signal may end it
  if ((keys.revents & (POLLHUP | POLLERR)) != 0) return Event::kQuit;
  Event event = Event::kNothing;
  const auto redraw = [&event] {
    ::clearok(curscr, TRUE);
    event = Event::kDraw;
  };
  for (int key = 0; (key = ::wgetch(stdscr)) != ERR;) {
    if (key == 'q' || key == 'Q' || key == kCtrlC || key == kCtrlBackslash) return Event::kQuit;
    if (key == kCtrlZ) stop_asked = 1;
    if (key == kCtrlL) redraw();
    if (key == KEY_RESIZE) event = Event::kDraw;
  }
  if (stop_asked != 0) suspend();
  if (continued != 0) {
    continued = 0;
    // The shell may have left other modes and another size.
    ::endwin();
    redraw();
  }
  winsize now = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 && now.ws_row > 0 && now.ws_col > 0 &&
      (now.ws_row != LINES || now.ws_col != COLS)) {
    ::resizeterm(now.ws_row, now.ws_col);
    event = Event::kDraw;
  }
  return event;
}

}  // namespace flashkv::kvctl
