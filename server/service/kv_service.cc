#include "server/service/kv_service.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "server/service/validate.h"
#include "server/service/wire.h"

namespace flashkv {
namespace {

// Upper bound on what an entry adds to a MultiGet reply besides its key and value.
constexpr std::uint64_t kEntryBytes = 64;

// Keys of a MultiGet that one section of a pin looks up: some 100 us.
constexpr int kKeysOfSection = 256;

void copy(const Lookup& hit, v1::KeyValue& kv) {
  kv.set_create_revision(hit.create_revision);
  kv.set_mod_revision(hit.mod_revision);
  kv.set_version(hit.version);
  kv.set_expires_at_ms(hit.expires_at_ms);
}

// Does not clear the elements that stay: they keep their strings' memory for the next reply.
void resize(google::protobuf::RepeatedPtrField<v1::Lookup>& results, int size) {
  while (results.size() > size) results.RemoveLast();
  results.Reserve(size);
  while (results.size() < size) results.Add();
}

Status too_large() {
  return {Code::kResourceExhausted, "keys: the reply would be larger than " + std::to_string(kMaxReplyBytes) +
                                        " bytes; ask for fewer keys"};
}

// A message about one operation of a list begins as validate()'s do, with "ops[3]: ".
Status with_place(const Status& status, std::string_view list, const PendingCall& call) {
  const bool about_all = call.failed_op == PendingCall::kNoOp || status.message.starts_with("ops: ");
  if (status.ok() || about_all) return status;
  return {status.code, std::string(list) + "[" + std::to_string(call.failed_op) + "]: " + status.message};
}

Status to_ops(const google::protobuf::RepeatedPtrField<v1::Op>& from, std::vector<Op>& to, PrefixEnds& ends) {
  to.resize(static_cast<std::size_t>(from.size()));
  for (int i = 0; i < from.size(); ++i) {
    if (Status s = to_op(from[i], to[static_cast<std::size_t>(i)], ends); !s.ok()) return s;
  }
  return {};
}

void to_results(std::span<const Op> ops, const google::protobuf::RepeatedPtrField<v1::Op>& requests,
                google::protobuf::RepeatedPtrField<v1::OpResult>& results) {
  results.Reserve(requests.size());
  for (int i = 0; i < requests.size(); ++i)
    to_reply(ops[static_cast<std::size_t>(i)], requests[i], *results.Add());
}

}  // namespace

Started KvService::wait_as(RequestKind kind, std::uint64_t revision, PendingCall& call) {
  const std::uint64_t assigned = store_.assigned_revision();
  if (revision > assigned) {
    return {{Code::kOutOfRange, "at_least_revision: " + std::to_string(revision) + ", the newest is " +
                                    std::to_string(assigned)}};
  }
  call.kind = kind;
  call.revision = revision;
  return submit(store_, call);
}

Started KvService::await(std::uint64_t revision, PendingCall& call) {
  return wait_as(RequestKind::kWaitRevision, revision, call);
}

Started KvService::take_pin(std::uint64_t revision, PendingCall& call) {
  return wait_as(RequestKind::kTakePin, revision, call);
}

Started KvService::scan(const v1::ScanRequest& request, PendingCall& call) {
  if (Status s = validate(request, store_.limits()); !s.ok()) return {std::move(s)};
  if (!store_.has_ordered_index()) {
    return {{Code::kFailedPrecondition, "Scan needs --ordered-index=on"}};
  }
  return take_pin(request.at_least_revision(), call);
}

void KvService::set_header(std::uint64_t revision, v1::ResponseHeader& header) const {
  header.set_revision(revision);
  header.set_store_id(store_id_);
}

Started KvService::get(Session& session, const v1::GetRequest& request, v1::GetResponse& reply,
                       PendingCall& call) {
  if (Status s = validate(request, store_.limits()); !s.ok()) return {std::move(s)};
  if (request.at_least_revision() > session.reader().published_revision()) {
    return await(request.at_least_revision(), call);
  }
  return {read(session.reader(), request, reply)};
}

Status KvService::finish_get(Session& session, const v1::GetRequest& request, const PendingCall& call,
                             v1::GetResponse& reply) {
  return call.status.ok() ? read(session.reader(), request, reply) : call.status;
}

Status KvService::read(ReadHandle& reader, const v1::GetRequest& request, v1::GetResponse& reply) const {
  v1::KeyValue& kv = *reply.mutable_kv();
  Lookup hit;
  if (request.keys_only()) {
    kv.clear_value();
  } else {
    hit.value = kv.mutable_value();
  }
  set_header(reader.get(request.key(), hit), *reply.mutable_header());
  if (hit.found) {
    kv.set_key(request.key());
    copy(hit, kv);
  } else {
    reply.clear_kv();
  }
  return {};
}

Started KvService::multi_get(Session& session, const v1::MultiGetRequest& request,
                             v1::MultiGetResponse& reply, PendingCall& call) {
  if (Status s = validate(request, store_.limits(), limits_); !s.ok()) return {std::move(s)};
  const Traits& traits = store_.traits();
  if (!traits.atomic_batch && request.keys_size() > 1) {
    if (store_.has_ordered_index()) return take_pin(request.at_least_revision(), call);
    return {{Code::kFailedPrecondition, "keys: engine " + std::string(traits.name) +
                                            " lacks the trait atomic_batch; ask for one key, or start the "
                                            "server with --ordered-index=on"}};
  }
  if (request.at_least_revision() > session.reader().published_revision()) {
    return await(request.at_least_revision(), call);
  }
  return {read(session, request, reply)};
}

Status KvService::finish_multi_get(Session& session, const v1::MultiGetRequest& request, PendingCall& call,
                                   v1::MultiGetResponse& reply) {
  if (!call.status.ok()) return call.status;
  if (call.pin == nullptr) return read(session, request, reply);
  const PinPtr pin = std::move(call.pin);
  return read(*pin, request, reply);
}

Status KvService::read(PinnedState& pin, const v1::MultiGetRequest& request,
                       v1::MultiGetResponse& reply) const {
  set_header(pin.numbers().revision, *reply.mutable_header());
  resize(*reply.mutable_results(), request.keys_size());
  std::uint64_t bytes = 0;
  for (int i = 0; i < request.keys_size();) {
    const PinSection section(pin);
    if (!section) return revoked_status(store_.limits());
    const int end = std::min(request.keys_size(), i + kKeysOfSection);
    for (; i < end; ++i) {
      const Record* record = section.find(request.keys(i));
      v1::Lookup& result = *reply.mutable_results(i);
      result.set_found(record != nullptr);
      bytes += kEntryBytes;
      if (record == nullptr) {
        result.clear_kv();
        continue;
      }
      bytes += record->key().size() + (request.keys_only() ? 0 : record->value().size());
      if (bytes > kMaxReplyBytes) return too_large();
      result.mutable_kv()->clear_value();
      to_message(*record, request.keys_only(), *result.mutable_kv());
    }
  }
  return bytes <= kMaxReplyBytes ? Status{} : too_large();
}

Status KvService::read(Session& session, const v1::MultiGetRequest& request,
                       v1::MultiGetResponse& reply) const {
  session.keys.assign(request.keys().begin(), request.keys().end());
  session.found.assign(session.keys.size(), Lookup{});
  resize(*reply.mutable_results(), request.keys_size());
  std::uint64_t envelope = 0;
  for (int i = 0; i < request.keys_size(); ++i) {
    envelope += kEntryBytes;
    v1::KeyValue& kv = *reply.mutable_results(i)->mutable_kv();
    kv.clear_value();
    if (!request.keys_only()) session.found[static_cast<std::size_t>(i)].value = kv.mutable_value();
  }
  if (envelope > kMaxReplyBytes) return too_large();
  bool complete = true;
  const std::uint64_t revision =
      session.reader().multi_get(session.keys, session.found, kMaxReplyBytes - envelope, complete);
  if (!complete) return too_large();
  set_header(revision, *reply.mutable_header());
  std::uint64_t bytes = envelope;
  for (int i = 0; i < request.keys_size(); ++i) {
    const Lookup& hit = session.found[static_cast<std::size_t>(i)];
    v1::Lookup& result = *reply.mutable_results(i);
    result.set_found(hit.found);
    if (hit.found) {
      result.mutable_kv()->set_key(request.keys(i));
      copy(hit, *result.mutable_kv());
      bytes += request.keys(i).size() + result.kv().value().size();
    } else {
      result.clear_kv();
    }
  }
  return bytes <= kMaxReplyBytes ? Status{} : too_large();
}

template <typename R>
Started KvService::submit_one(const R& request, PendingCall& call) {
  if (Status s = validate(request, store_.limits()); !s.ok()) return {std::move(s)};
  Status made;
  if constexpr (std::is_same_v<R, v1::DeleteRequest>) {
    made = to_op(request, call.single, call.ends);
  } else {
    made = to_op(request, call.single);
  }
  if (!made.ok()) return {std::move(made)};
  call.ack = ack_of(request.ack());
  call.ops = {&call.single, 1};
  return submit(store_, call);
}

template <typename R>
Status KvService::finish_one(const PendingCall& call, R& reply) const {
  set_header(call.revision, *reply.mutable_header());
  to_reply(call.single, reply);
  return call.status;
}

Started KvService::put(const v1::PutRequest& request, PendingCall& call) { return submit_one(request, call); }
Status KvService::finish_put(const PendingCall& call, v1::PutResponse& reply) {
  return finish_one(call, reply);
}

Started KvService::erase(const v1::DeleteRequest& request, PendingCall& call) {
  return submit_one(request, call);
}
Status KvService::finish_erase(const PendingCall& call, v1::DeleteResponse& reply) {
  return finish_one(call, reply);
}

Started KvService::expire(const v1::ExpireRequest& request, PendingCall& call) {
  return submit_one(request, call);
}
Status KvService::finish_expire(const PendingCall& call, v1::ExpireResponse& reply) {
  return finish_one(call, reply);
}

Started KvService::increment(const v1::IncrementRequest& request, PendingCall& call) {
  return submit_one(request, call);
}
Status KvService::finish_increment(const PendingCall& call, v1::IncrementResponse& reply) {
  return finish_one(call, reply);
}

Started KvService::append(const v1::AppendRequest& request, PendingCall& call) {
  return submit_one(request, call);
}
Status KvService::finish_append(const PendingCall& call, v1::AppendResponse& reply) {
  return finish_one(call, reply);
}

Started KvService::txn(const v1::TxnRequest& request, PendingCall& call) {
  if (Status s = validate(request, store_.limits()); !s.ok()) return {std::move(s)};
  if (Status s = to_ops(request.success(), call.several, call.ends); !s.ok()) return {std::move(s)};
  if (Status s = to_ops(request.failure(), call.otherwise_several, call.ends); !s.ok()) return {std::move(s)};
  call.comparisons.resize(static_cast<std::size_t>(request.compare_size()));
  for (int i = 0; i < request.compare_size(); ++i)
    to_compare(request.compare(i), call.comparisons[static_cast<std::size_t>(i)]);
  call.ack = ack_of(request.ack());
  call.ops = call.several;
  call.otherwise = call.otherwise_several;
  call.compare = call.comparisons;
  return submit(store_, call);
}

Status KvService::finish_txn(const v1::TxnRequest& request, const PendingCall& call, v1::TxnResponse& reply) {
  set_header(call.revision, *reply.mutable_header());
  reply.set_succeeded(call.held);
  reply.clear_results();
  if (call.status.ok())
    to_results(call.chosen(), call.held ? request.success() : request.failure(), *reply.mutable_results());
  return with_place(call.status, call.held ? "success" : "failure", call);
}

Started KvService::write(const v1::WriteRequest& request, PendingCall& call) {
  if (Status s = validate(request, store_.limits()); !s.ok()) return {std::move(s)};
  if (Status s = to_ops(request.ops(), call.several, call.ends); !s.ok()) return {std::move(s)};
  call.ack = ack_of(request.ack());
  call.ops = call.several;
  return submit(store_, call);
}

Started KvService::retry(PendingCall& call) { return submit(store_, call); }

bool KvService::queue_was_full(const Started& outcome, const PendingCall& call) const {
  // A call without operations was refused before it reached the queue; one larger than the queue never fits.
  return outcome.status.code == Code::kResourceExhausted && !call.ops.empty() &&
         call.bytes <= store_.limits().max_queue_bytes;
}

void KvService::finish_write(const v1::WriteRequest& request, const Status& status, const PendingCall& call,
                             v1::WriteResponse& reply) {
  // A call refused before it reached the writer has no revision: the reply is based on the published state.
  set_header(std::max(call.revision, status.ok() ? 0 : store_.published_revision()), *reply.mutable_header());
  reply.set_request_id(request.request_id());
  if (!status.ok()) {
    reply.mutable_error()->set_code(static_cast<std::int32_t>(status.code));
    reply.mutable_error()->set_message(with_place(status, "ops", call).message);
    return;
  }
  to_results(call.several, request.ops(), *reply.mutable_results());
}

}  // namespace flashkv
