// One call of a Pipeline message: the unary methods of the KV service, chosen by the message's own tag.
#pragma once

#include <google/protobuf/io/zero_copy_stream.h>

#include "flashkv/v1/kv.pb.h"
#include "server/service/method.h"
#include "server/service/pending_call.h"
#include "server/service/session.h"

namespace flashkv {

// Calls in a message.
inline constexpr int kMaxCalls = 10'000;

// Reads a message call by call, so that what it takes is bounded before it is allocated: calls that are next
// to nothing on the wire take a hundred times as much here.
// Errors: INVALID_ARGUMENT: not such a message, or more than kMaxCalls.
Status parse(google::protobuf::io::ZeroCopyInputStream& bytes, v1::PipelineRequest& request);

// The row of the call's unary method; Pipeline's where none is set.
MethodId method_of(const v1::Call& call) noexcept;

// Starts the call as its unary method would. Answered at once, unless it was submitted: then `answer` may
// hold a part of the reply, and is to be thrown away. INVALID_ARGUMENT where no method is set.
Started start(Session& session, const v1::Call& call, v1::Answer& answer, PendingCall& pending);
// The reply, once the writer has completed `pending`.
Status finish(Session& session, const v1::Call& call, PendingCall& pending, v1::Answer& answer);

// Whether the writer hands back copies of values with it, up to RequestPlan::kMaxOutcomeBytes, or a pin.
bool may_return_values(const v1::Call& call);

}  // namespace flashkv
