// What a script learns from kvctl: the exit code, and one line on standard error.
#pragma once

#include <string>

#include "client/flashkv/result.h"
#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

enum ExitCode : int {
  kDone = 0,
  kNotFound = 1,  // no such key, or a condition that did not hold
  kUsage = 2,     // what was asked cannot be: flags, input, arguments the server refuses
  kFailed = 3,    // server or network
  kDenied = 4,
  kTimeout = 5,
};

ExitCode exit_code_of(client::Errc code) noexcept;
// One line without a newline: what went wrong and what to do next.
std::string advice(const client::Error& error, const Settings& settings);
// Prints "kvctl: TEXT" as one line on standard error.
void complain(const std::string& text);
// complain(advice(...)); the exit code to leave with.
int fail(const client::Error& error, const Settings& settings);

}  // namespace flashkv::kvctl
