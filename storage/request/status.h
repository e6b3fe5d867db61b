// Status codes and messages, numbered as in google.rpc.Code, so that a front end passes them on unchanged.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace flashkv {

enum class Code : std::int32_t {
  kOk = 0,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
};

// Purpose: the outcome of a request. `message` names the field, the size or the limit, never a value.
// Usage:   if (Status s = check(op); !s.ok()) return s;
// Cost:    an ok status allocates nothing.
struct Status {
  Code code = Code::kOk;
  std::string message;

  Status() = default;
  Status(Code c, std::string m) : code(c), message(std::move(m)) {}
  bool ok() const noexcept { return code == Code::kOk; }
};

}  // namespace flashkv
