#include "server/service/pipelined_call.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <array>
#include <string>

#include "server/service/kv_service.h"
#include "server/service/method_table.h"

namespace flashkv {
namespace {

bool returns_values(const google::protobuf::RepeatedPtrField<v1::Op>& ops) {
  return std::any_of(ops.begin(), ops.end(), [](const v1::Op& op) {
    return op.has_get() || op.put().prev_kv() || op.delete_().prev_kv();
  });
}

}  // namespace

Status parse(google::protobuf::io::ZeroCopyInputStream& bytes, v1::PipelineRequest& request) {
  using Wire = google::protobuf::internal::WireFormatLite;
  constexpr std::uint32_t kCallsTag =
      Wire::MakeTag(v1::PipelineRequest::kCallsFieldNumber, Wire::WIRETYPE_LENGTH_DELIMITED);
  const Status malformed{Code::kInvalidArgument, "the message is not a PipelineRequest"};
  google::protobuf::io::CodedInputStream in(&bytes);
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag != kCallsTag) {
      if (!Wire::SkipField(&in, tag)) return malformed;
      continue;
    }
    if (request.calls_size() == kMaxCalls)
      return {Code::kInvalidArgument, "calls: more than " + std::to_string(kMaxCalls) + " in a message"};
    if (!Wire::ReadMessage(&in, request.add_calls())) return malformed;
  }
  return in.ConsumedEntireMessage() ? Status{} : malformed;
}

MethodId method_of(const v1::Call& call) noexcept {
  struct Row {
    v1::Call::CallCase call;
    const char* method;
  };
  static constexpr std::array kMethods{
      Row{v1::Call::kGet, "Get"},       Row{v1::Call::kMultiGet, "MultiGet"},
      Row{v1::Call::kPut, "Put"},       Row{v1::Call::kDelete, "Delete"},
      Row{v1::Call::kExpire, "Expire"}, Row{v1::Call::kIncrement, "Increment"},
      Row{v1::Call::kAppend, "Append"}, Row{v1::Call::kTxn, "Txn"}};
  static const auto kIds = [] {
    std::array<MethodId, v1::Call::kTxn + 1> ids;
    ids.fill(method_id("Pipeline"));
    for (const Row& row : kMethods) ids[row.call] = method_id(row.method);
    return ids;
  }();
  return kIds[call.call_case()];
}

Started start(Session& session, const v1::Call& call, v1::Answer& answer, PendingCall& pending) {
  KvService& kv = session.kv();
  switch (call.call_case()) {
    case v1::Call::kGet:
      return kv.get(session, call.get(), *answer.mutable_get(), pending);
    case v1::Call::kMultiGet:
      return kv.multi_get(session, call.multi_get(), *answer.mutable_multi_get(), pending);
    case v1::Call::kPut:
      return kv.put(call.put(), pending);
    case v1::Call::kDelete:
      return kv.erase(call.delete_(), pending);
    case v1::Call::kExpire:
      return kv.expire(call.expire(), pending);
    case v1::Call::kIncrement:
      return kv.increment(call.increment(), pending);
    case v1::Call::kAppend:
      return kv.append(call.append(), pending);
    case v1::Call::kTxn:
      return kv.txn(call.txn(), pending);
    case v1::Call::CALL_NOT_SET:
      break;
  }
  return {{Code::kInvalidArgument, "call: none is set"}};
}

Status finish(Session& session, const v1::Call& call, PendingCall& pending, v1::Answer& answer) {
  KvService& kv = session.kv();
  switch (call.call_case()) {
    case v1::Call::kGet:
      return kv.finish_get(session, call.get(), pending, *answer.mutable_get());
    case v1::Call::kMultiGet:
      return kv.finish_multi_get(session, call.multi_get(), pending, *answer.mutable_multi_get());
    case v1::Call::kPut:
      return kv.finish_put(pending, *answer.mutable_put());
    case v1::Call::kDelete:
      return kv.finish_erase(pending, *answer.mutable_delete_());
    case v1::Call::kExpire:
      return kv.finish_expire(pending, *answer.mutable_expire());
    case v1::Call::kIncrement:
      return kv.finish_increment(pending, *answer.mutable_increment());
    case v1::Call::kAppend:
      return kv.finish_append(pending, *answer.mutable_append());
    case v1::Call::kTxn:
      return kv.finish_txn(call.txn(), pending, *answer.mutable_txn());
    case v1::Call::CALL_NOT_SET:
      break;
  }
  return {Code::kInternal, "call: none is set"};
}

bool may_return_values(const v1::Call& call) {
  switch (call.call_case()) {
    case v1::Call::kMultiGet:
      return true;
    case v1::Call::kPut:
      return call.put().prev_kv();
    case v1::Call::kDelete:
      return call.delete_().prev_kv();
    case v1::Call::kTxn:
      return returns_values(call.txn().success()) || returns_values(call.txn().failure());
    default:
      return false;
  }
}

}  // namespace flashkv
