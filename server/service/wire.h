// Converts messages to the store's operations, and outcomes back to messages.
#pragma once

#include <forward_list>
#include <string>

#include "flashkv/v1/admin.pb.h"
#include "flashkv/v1/kv.pb.h"
#include "storage/store.h"
#include "storage/watch/event.h"

namespace flashkv {

// Ends of the prefixes that operations erase: an operation points to them.
using PrefixEnds = std::forward_list<std::string>;

// Fills `op` from a valid request; its key and value point into the request, or into `ends`.
// Errors: RESOURCE_EXHAUSTED when there is no memory for the record.
Status to_op(const v1::PutRequest& r, Op& op);
Status to_op(const v1::DeleteRequest& r, Op& op, PrefixEnds& ends);
Status to_op(const v1::ExpireRequest& r, Op& op);
Status to_op(const v1::IncrementRequest& r, Op& op);
Status to_op(const v1::AppendRequest& r, Op& op);
Status to_op(const v1::GetRequest& r, Op& op);
Status to_op(const v1::Op& r, Op& op, PrefixEnds& ends);
// `compare` points into the request too.
void to_compare(const v1::Compare& r, Compare& compare);

void to_message(const Record& record, bool keys_only, v1::KeyValue& kv);

// Fills in everything but the header.
void to_reply(const Op& op, v1::PutResponse& reply);
void to_reply(const Op& op, v1::DeleteResponse& reply);
void to_reply(const Op& op, v1::ExpireResponse& reply);
void to_reply(const Op& op, v1::IncrementResponse& reply);
void to_reply(const Op& op, v1::AppendResponse& reply);
void to_reply(const Op& op, const v1::Op& request, v1::OpResult& result);

// `with_prev`: its previous record, too. Every field is set or cleared.
void to_event(const WatchEvent& from, bool with_prev, v1::Event& to);

// Not checked yet: what is out of bounds in the message is out of bounds in the policy.
PublishPolicy to_policy(const v1::SetPublishPolicyRequest& r);

// The acknowledgement the request asks for; unspecified means published.
Ack ack_of(v1::Ack ack);

}  // namespace flashkv
