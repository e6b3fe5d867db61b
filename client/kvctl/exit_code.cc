#include "client/kvctl/exit_code.h"

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {

using client::Errc;

namespace {

// The first words of a refusal -> the server flag that sets the limit.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kLimits{
    {{"key: ", "--max-key-bytes"}, {"value: ", "--max-value-bytes"}, {"keys: ", "--max-multiget-keys"}}};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// gRPC's message about a failed connection names every layer; the last part is the cause.
std::string cause(const std::string& said) {
  if (!said.starts_with("failed to connect to all addresses")) return said;
  return said.substr(said.rfind(": ") == std::string::npos ? 0 : said.rfind(": ") + 2);
}

std::string on_unavailable(const std::string& said, const std::string& endpoint) {
  if (contains(said, "draining"))
    return "the server at " + endpoint + " is shutting down (" + said + "); try again in a moment";
  if (said.starts_with("ack: ")) return said + "; look at the server's disk, and at kvctl stats";
  if (contains(said, "DNS resolution failed"))
    return "cannot resolve the host in " + endpoint + "; check the name given with --endpoint";
  return "cannot reach " + endpoint + ": " + cause(said) +
         "; start a server with ./deploy/run or name another with --endpoint";
}

// The first words of what ran out -> what to do. Whatever else names no way out is about memory.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kExhausted{
    {{"range: more than ", "delete them in steps with --limit"},
     {"too many pins", "try again when another scan has ended, or raise the server's --max-pins"},
     {"too many watches", "end another watch, or raise the server's --max-watches"},
     {"queue full", "the server is busy, try again in a moment"}}};

std::string on_exhausted(const std::string& said) {
  unsigned long long size = 0;
  unsigned long long limit = 0;
  char word[16] = {};
  // gRPC's message, from the side that refused: the client before sending, or the server after receiving.
  if (std::sscanf(said.c_str(), "%15s message larger than max (%llu vs. %llu)", word, &size, &limit) == 3) {
    const std::string sizes =
        "message of " + std::to_string(size) + " bytes: the limit is " + std::to_string(limit);
    return word == std::string_view("Sent")
               ? sizes + "; send a smaller value"
               : sizes + "; use smaller values or fewer keys, or raise the server's --max-request-bytes";
  }
  for (const auto& [what, advice] : kExhausted)
    if (said.starts_with(what)) return said.substr(0, said.find("; ")) + "; " + std::string(advice);
  if (contains(said, "; ")) return said;
  return said + "; raise that limit on the server, or delete keys";
}

std::string on_invalid(const std::string& said) {
  for (const auto& [field, flag] : kLimits)
    if (said.starts_with(field) && contains(said, ", the limit is "))
      return said + "; send less, or raise the server's " + std::string(flag);
  return said;
}

std::string& place() {
  static std::string text;
  return text;
}

}  // namespace

bool may_pass(Errc code) noexcept {
  switch (code) {
    case Errc::kCancelled:
    case Errc::kUnknown:
    case Errc::kDeadlineExceeded:
    case Errc::kResourceExhausted:
    case Errc::kAborted:
    case Errc::kInternal:
    case Errc::kUnavailable:
      return true;
    default:
      return false;
  }
}

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
      return on_unavailable(said, settings.endpoint);
    case Errc::kDeadlineExceeded:
      return "no answer within " + std::to_string(settings.timeout.count()) + " ms" +
             (error.certainly_not_applied ? " (nothing was applied)" : "") + ": " + said +
             "; allow more time with --timeout";
    case Errc::kResourceExhausted:
      return on_exhausted(said);
    case Errc::kInvalidArgument:
      return on_invalid(said);
    case Errc::kUnauthenticated:
      return said + "; give a token with --token-file";
    case Errc::kPermissionDenied:
      return said + "; use a token with that permission";
    case Errc::kUnimplemented:
      return said + "; this server does not support it";
    case Errc::kCancelled:
      return "canceled: " + said;
    default:
      return said;
  }
}

std::string trouble_of(const client::Error& error, const Settings& settings) {
  if (error.code == Errc::kResourceExhausted) return error.message + "; trying again";
  if (error.code == Errc::kDeadlineExceeded)
    return "no answer within " + std::to_string(settings.timeout.count()) + " ms; trying again";
  // A server that answers is there.
  if (error.message.starts_with("ack: ") || contains(error.message, "draining"))
    return error.message + "; trying again";
  return "lost the connection to " + settings.endpoint + "; connecting again";
}

void complaint_place(std::string text) { place() = std::move(text); }

void complain(const std::string& text) {
  std::string line = place() + text;
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  std::fputs(("kvctl: " + printable(line) + "\n").c_str(), stderr);
}

int fail(const client::Error& error, const Settings& settings) {
  complain(advice(error, settings));
  return exit_code_of(error.code);
}

}  // namespace flashkv::kvctl
