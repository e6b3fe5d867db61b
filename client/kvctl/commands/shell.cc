// shell: many commands over one connection, typed or from a script.
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "client/kvctl/cli/cli.h"
#include "client/kvctl/cli/txn_script.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/line_reader.h"
#include "client/kvctl/shell/cancel.h"
#include "client/kvctl/shell/history_file.h"
#include "client/kvctl/shell/line_editor.h"

namespace flashkv::kvctl {
namespace {

// Values of the largest size, each byte of them escaped as \xNN, and the rest of the line.
constexpr std::size_t kLongestLine = (std::size_t{64} << 20) + (std::size_t{1} << 20);
constexpr int kInterruptedCode = 130;

// Runs the commands of lines over the shell's connection.
class Lines {
 public:
  Lines(client::Client& client, const Settings& settings, bool script)
      : client_(client), settings_(settings), script_(script) {}

  // False after "exit". `code` is that of the line's command.
  bool run(const std::string& line, int& code) {
    std::string error;
    auto words = split_words(line, error);
    code = kDone;
    if (!words) {
      complain(error);
      code = kUsage;
      return true;
    }
    if (words->empty()) return true;
    if (words->front() == "exit" || words->front() == "quit") return false;
    Settings command = settings_;
    command.command = Command::kNone;
    command.stdin_is_script = script_;
    const auto parsed = parse_line(std::move(*words), command);
    code = parsed ? *parsed : run_with(client_, command);
    std::fflush(stdout);
    std::clearerr(stdin);  // after Ctrl-D in a value
    return true;
  }

 private:
  client::Client& client_;
  const Settings& settings_;
  bool script_;
};

// Returns the code of the last command that failed.
int run_script(client::Client& client, const Settings& settings) {
  Lines lines(client, settings, true);
  LineReader in(STDIN_FILENO, kLongestLine);
  std::string_view line;
  int failed = kDone;
  for (std::uint64_t number = 1;;) {
    const auto next = in.next(line);
    if (next == LineReader::kIdle) continue;
    complaint_place(std::string("line ").append(std::to_string(number)).append(": "));
    int code = kDone;
    if (next == LineReader::kTooLong) {
      complain(std::string("longer than ").append(std::to_string(kLongestLine)).append(" bytes"));
      code = kUsage;
    } else if (next == LineReader::kFailed) {
      complain("cannot read standard input");
      return kFailed;
    } else if (next == LineReader::kEnd || !lines.run(std::string(line), code)) {
      return failed;
    }
    if (code != kDone) failed = code;
    if (interrupted != 0) return kInterruptedCode;
    ++number;
  }
}

int run_typed(client::Client& client, const Settings& settings) {
  // libedit reads multibyte characters by the locale; the C locale knows none.
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  Canceller ctrl_c;
  LineEditor editor(settings.endpoint + "> ", ctrl_c.idle_fd(), complete_line);
  const HistoryFile history(history_path());
  for (const std::string& line : history.load()) editor.remember(line);
  Lines lines(client, settings, false);
  std::string line, last;
  for (;;) {
    interrupted = 0;
    const auto next = editor.read(line);
    if (next != LineEditor::kLine) std::fputs("\n", stdout);
    if (next == LineEditor::kEnd) return kDone;
    if (next == LineEditor::kInterrupted || line.find_first_not_of(" \t") == std::string::npos) continue;
    // As in bash, a blank in front keeps a line, perhaps with a secret, out of the history.
    if (line.front() != ' ' && line != last) {
      editor.remember(line);
      history.append(line);
      last = line;
    }
    int code = kDone;
    if (!ctrl_c.begin()) continue;
    const bool more = lines.run(line, code);
    ctrl_c.end();
    if (!more) return kDone;
  }
}

}  // namespace

int run_shell(client::Client& client, const Settings& settings) {
  return ::isatty(STDIN_FILENO) != 0 ? run_typed(client, settings) : run_script(client, settings);
}

}  // namespace flashkv::kvctl
