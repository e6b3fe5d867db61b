// kvctl's exit codes, and its errors: one line each on standard error.
#pragma once

#include <string>

#include "client/flashkv/result.h"
#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

enum ExitCode : int {
  kDone = 0,
  kNotFound = 1,  // no such key, or a condition did not hold
  kUsage = 2,     // bad flags, bad input, or arguments the server refuses
  kFailed = 3,    // server or network error
  kDenied = 4,
  kTimeout = 5,
};

constexpr const char* kScriptOnStdin =
    "standard input holds the shell's commands; name a file instead of -; nothing was changed";

// Whether the same call may work later: the server or the network failed, not the request.
bool may_pass(client::Errc code) noexcept;
ExitCode exit_code_of(client::Errc code) noexcept;
// One line, without its newline: what went wrong and what to do next.
std::string advice(const client::Error& error, const Settings& settings);
// One line about an error that may_pass(), while kvctl tries again.
std::string trouble_of(const client::Error& error, const Settings& settings);
// Prints "kvctl: TEXT" as one line on standard error, control characters escaped.
void complain(const std::string& text);
// Goes before the text of every later complaint: "line 3: ".
void complaint_place(std::string place);
// Prints advice() and returns the exit code.
int fail(const client::Error& error, const Settings& settings);

}  // namespace flashkv::kvctl
