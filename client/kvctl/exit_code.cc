#include "client/kvctl/exit_code.h"

#include <cstdio>

namespace flashkv::kvctl {

using client::Errc;

ExitCode exit_code_of(Errc code) noexcept {
  switch (code) {
    case Errc::kInvalidArgument:
    case Errc::kOutOfRange:
    case Errc::kFailedPrecondition:
      return kUsage;
    case Errc::kNotFound:
      return kNotFound;
    case Errc::kPermissionDenied:
    case Errc::kUnauthenticated:
      return kDenied;
    case Errc::kDeadlineExceeded:
      return kTimeout;
    default:
      return kFailed;
  }
}

std::string advice(const client::Error& error, const Settings& settings) {
  const std::string& said = error.message;
  switch (error.code) {
    case Errc::kUnavailable:
      if (said.find("draining") != std::string::npos)
        return "the server at " + settings.endpoint + " is shutting down (" + said +
               "); try again in a moment";
      return "cannot reach " + settings.endpoint + ": " + said +
             "; start a server with ./deploy/run or name another with --endpoint";
    case Errc::kDeadlineExceeded:
      return "no answer within " + std::to_string(settings.timeout.count()) + " ms" +
             (error.certainly_not_applied ? " (nothing was applied)" : "") + ": " + said +
             "; give more time with --timeout";
    case Errc::kResourceExhausted:
      return said + "; slow down, or raise the server's limit";
    case Errc::kUnauthenticated:
      return said + "; give a token with --token-file";
    case Errc::kPermissionDenied:
      return said + "; use a token that may do this";
    case Errc::kUnimplemented:
      return said + "; this server does not offer it";
    case Errc::kCancelled:
      return "cancelled: " + said;
    default:
      return said;
  }
}

void complain(const std::string& text) {
  std::string line = "kvctl: " + text;
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  line += '\n';
  std::fputs(line.c_str(), stderr);
}

int fail(const client::Error& error, const Settings& settings) {
  complain(advice(error, settings));
  return exit_code_of(error.code);
}

}  // namespace flashkv::kvctl
