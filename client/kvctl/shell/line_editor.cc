#include "client/kvctl/shell/line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cwchar>
#include <sstream>

namespace flashkv::kvctl {

struct LineEditor::State {
  std::string prompt;
  Complete complete;
  bool interrupted = false;
  EditLine* edit = nullptr;
  History* history = nullptr;
  HistEvent event = {};
};

namespace {

// libedit takes functions without a context; there is one editor at a time.
LineEditor::Complete* completing = nullptr;
std::string* prompt_shown = nullptr;
int interrupts = -1;
bool* interrupt_seen = nullptr;

// Waits for a key or an interrupt. A signal that only ended a read would be lost just before that read, or on
// another thread; a pipe keeps it.
int next_key(EditLine*, wchar_t* key) {
  std::mbstate_t state = {};
  for (;;) {
    pollfd ready[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                      {.fd = interrupts, .events = POLLIN, .revents = 0}};
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) return -1;
    char byte = 0;
    if (ready[1].revents != 0 && ::read(interrupts, &byte, 1) > 0) {
      *interrupt_seen = true;
      return -1;
    }
    if (ready[0].revents == 0) continue;
    const ssize_t n = ::read(STDIN_FILENO, &byte, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return static_cast<int>(n);
    const std::size_t used = std::mbrtowc(key, &byte, 1, &state);
    if (used == static_cast<std::size_t>(-2)) continue;  // a part of a character
    if (used == static_cast<std::size_t>(-1)) {
      state = {};
      continue;
    }
    return 1;
  }
}

char* prompt_of(EditLine*) { return prompt_shown->data(); }

std::string beginning_of_all(const std::vector<std::string>& words) {
  std::string same = words.front();
  for (const std::string& word : words)
    same.resize(static_cast<std::size_t>(
        std::mismatch(same.begin(), same.end(), word.begin(), word.end()).first - same.begin()));
  return same;
}

unsigned char on_tab(EditLine* edit, int) {
  const LineInfo* info = el_line(edit);
  const std::string typed(info->buffer, info->cursor);
  std::istringstream split(typed);
  std::vector<std::string> before;
  for (std::string each; split >> each;) before.push_back(each);
  std::string word;
  if (!before.empty() && !typed.ends_with(' ')) {
    word = before.back();
    before.pop_back();
  }
  std::vector<std::string> found = (*completing)(before, word);
  if (found.empty()) return CC_REFRESH_BEEP;
  const std::string same = beginning_of_all(found) + (found.size() == 1 ? " " : "");
  if (same.size() > word.size())
    return el_insertstr(edit, same.c_str() + word.size()) == 0 ? CC_REFRESH : CC_ERROR;
  std::string listed = "\n";
  for (const std::string& each : found) listed += each + "  ";
  std::fputs((listed + "\n").c_str(), stdout);
  return CC_REDISPLAY;
}

}  // namespace

LineEditor::LineEditor(std::string prompt, int interrupt_fd, Complete complete)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.prompt = std::move(prompt);
  s.complete = std::move(complete);
  completing = &s.complete;
  prompt_shown = &s.prompt;
  interrupts = interrupt_fd;
  interrupt_seen = &s.interrupted;
  s.edit = el_init("kvctl", stdin, stdout, stderr);
  s.history = history_init();
  history(s.history, &s.event, H_SETSIZE, 1000);
  history(s.history, &s.event, H_SETUNIQUE, 1);
  el_set(s.edit, EL_PROMPT, prompt_of);
  el_set(s.edit, EL_EDITOR, "emacs");
  el_set(s.edit, EL_SIGNAL, 0);
  el_set(s.edit, EL_GETCFN, next_key);
  el_set(s.edit, EL_HIST, history, s.history);
  // The narrow el_set() would copy both texts and never free them.
  el_wset(s.edit, EL_ADDFN, L"kvctl-complete", L"complete a command or a flag", on_tab);
  el_set(s.edit, EL_BIND, "\t", "kvctl-complete", nullptr);
  el_set(s.edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(s.edit, nullptr);
}

LineEditor::~LineEditor() {
  history_end(state_->history);
  el_end(state_->edit);
}

LineEditor::Next LineEditor::read(std::string& line) {
  int length = 0;
  state_->interrupted = false;
  const char* typed = el_gets(state_->edit, &length);
  if (typed == nullptr || length <= 0) {
    if (state_->interrupted) el_reset(state_->edit);
    return state_->interrupted ? kInterrupted : kEnd;
  }
  line.assign(typed, static_cast<std::size_t>(length));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return kLine;
}

void LineEditor::remember(const std::string& line) {
  history(state_->history, &state_->event, H_ENTER, line.c_str());
}

}  // namespace flashkv::kvctl
