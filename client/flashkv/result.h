// The outcome of a call: a value or an error.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace flashkv::client {

// Error codes, numbered as in google.rpc.Code.
enum class Errc : int {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

struct Error {
  Errc code = Errc::kUnknown;
  std::string message;  // from the server or the transport
  // The server confirmed that the mutation was not applied, so it is safe to send it again.
  bool certainly_not_applied = false;
};

// Purpose: a T, or the Error that occurred instead.
// Usage:   auto got = client.get("color");
//          if (!got) return report(got.error());
//          use(got->kv);
// Lifetime: value() and error() refer into the Result.
// Errors:  value() of an error, and error() of a value, throw std::bad_variant_access.
template <typename T>
class Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  T* operator->() { return &value(); }
  T& operator*() { return value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace flashkv::client
