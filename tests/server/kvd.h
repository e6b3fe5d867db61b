// kvd as a child process: its output and its exit code.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace flashkv {

// For Kvd's before_start.
inline auto with_limit(decltype(RLIMIT_AS) resource, rlim_t limit) {
  return [=] {
    const rlimit both{limit, limit};
    setrlimit(resource, &both);
  };
}

// Purpose: one kvd with its output in a pipe. `before_start` runs in the child, just before the program does.
// Lifetime: killed at the end where it still runs, and with the test that ends before it does.
class Kvd {
 public:
  explicit Kvd(
      std::vector<std::string> flags, const std::function<void()>& before_start = [] {}) {
    std::array<int, 2> pipe_ends{};
    EXPECT_EQ(pipe(pipe_ends.data()), 0);
    std::string program(KVD);
    std::vector<char*> argv{program.data()};
    for (std::string& flag : flags) argv.push_back(flag.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(pipe_ends[1], STDOUT_FILENO);
      dup2(pipe_ends[1], STDERR_FILENO);
      close(pipe_ends[0]);
      close(pipe_ends[1]);
      before_start();
      execv(KVD, argv.data());
      _exit(127);
    }
    close(pipe_ends[1]);
    output_ = fdopen(pipe_ends[0], "r");
  }
  Kvd(const Kvd&) = delete;
  Kvd& operator=(const Kvd&) = delete;
  ~Kvd() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
    fclose(output_);
  }

  // The next line; empty at end of file.
  std::string line() {
    std::array<char, 4096> text{};
    return fgets(text.data(), text.size(), output_) == nullptr ? std::string() : std::string(text.data());
  }
  // Reads up to the next line that contains `text`, and returns that line.
  std::string line_with(const std::string& text) {
    for (std::string l = line(); !l.empty(); l = line()) {
      if (l.find(text) != std::string::npos) return l;
    }
    ADD_FAILURE() << "no line with " << text;
    return {};
  }
  // All remaining output.
  std::string rest() {
    std::string all;
    for (std::string l = line(); !l.empty(); l = line()) all += l;
    return all;
  }
  // Closes the reading end of the pipe.
  void stop_reading() { output_ = freopen("/dev/null", "r", output_); }
  void send(int signal) { kill(pid_, signal); }
  pid_t pid() const { return pid_; }
  bool running() const {
    siginfo_t ended{};
    return waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0;
  }
  // The exit code, or the negative number of the signal that killed it.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  FILE* output_ = nullptr;
};

// The word after `name` in a line such as "listen=127.0.0.1:7400".
inline std::string after(const std::string& line, const std::string& name) {
  const std::size_t at = line.find(name);
  return at == std::string::npos ? "" : line.substr(at + name.size(), line.find(' ', at) - at - name.size());
}

}  // namespace flashkv
