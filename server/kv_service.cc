#include "server/kv_service.h"

#include <algorithm>
#include <string>

#include "server/operation.h"
#include "server/validate.h"

namespace flashkv {
namespace {

// What a found entry adds to a MultiGet reply beside its key and value, at most.
constexpr std::uint64_t kEntryBytes = 64;

void copy(const Lookup& hit, v1::KeyValue& kv) {
  kv.set_create_revision(hit.create_revision);
  kv.set_mod_revision(hit.mod_revision);
  kv.set_version(hit.version);
  kv.set_expires_at_ms(hit.expires_at_ms);
}

// Without clearing what stays: the elements keep their strings for the next reply.
void resize(google::protobuf::RepeatedPtrField<v1::Lookup>& results, int size) {
  while (results.size() > size) results.RemoveLast();
  results.Reserve(size);
  while (results.size() < size) results.Add();
}

Status too_large() {
  return {Code::kResourceExhausted, "keys: the reply would be larger than " + std::to_string(kMaxReplyBytes) +
                                        " bytes; ask for fewer keys"};
}

}  // namespace

Outcome KvService::await(std::uint64_t revision, Submission& submission) {
  const std::uint64_t assigned = store_.assigned_revision();
  if (revision > assigned) {
    return {{Code::kOutOfRange, "at_least_revision: " + std::to_string(revision) + ", the newest is " +
                                    std::to_string(assigned)}};
  }
  submission.kind = RequestKind::kWaitRevision;
  submission.revision = revision;
  const Nanos longest = static_cast<Nanos>(kMaxRevisionWaitMs) * kNanosPerMilli;
  submission.deadline = std::min(submission.deadline, clock_.now() + longest);
  return submit(store_, submission);
}

void KvService::set_header(std::uint64_t revision, v1::ResponseHeader& header) const {
  header.set_revision(revision);
  header.set_store_id(store_id_);
}

Outcome KvService::get(Session& session, const v1::GetRequest& request, v1::GetResponse& reply,
                       Submission& submission) {
  if (Status s = validate(request, limits_); !s.ok()) return {std::move(s)};
  if (request.at_least_revision() > session.reader().published_revision()) {
    return await(request.at_least_revision(), submission);
  }
  return {read(session.reader(), request, reply)};
}

Status KvService::get_done(Session& session, const v1::GetRequest& request, const Submission& submission,
                           v1::GetResponse& reply) {
  return submission.status.ok() ? read(session.reader(), request, reply) : submission.status;
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

Outcome KvService::multi_get(Session& session, const v1::MultiGetRequest& request,
                             v1::MultiGetResponse& reply, Submission& submission) {
  if (Status s = validate(request, limits_); !s.ok()) return {std::move(s)};
  const Traits& traits = store_.traits();
  if (!traits.atomic_batch && request.keys_size() > 1) {
    return {{Code::kFailedPrecondition,
             "keys: engine " + std::string(traits.name) + " lacks the trait atomic_batch, ask for one key"}};
  }
  if (request.at_least_revision() > session.reader().published_revision()) {
    return await(request.at_least_revision(), submission);
  }
  return {read(session, request, reply)};
}

Status KvService::multi_get_done(Session& session, const v1::MultiGetRequest& request,
                                 const Submission& submission, v1::MultiGetResponse& reply) {
  return submission.status.ok() ? read(session, request, reply) : submission.status;
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
Outcome KvService::submit_one(const R& request, Submission& submission) {
  if (Status s = validate(request, limits_); !s.ok()) return {std::move(s)};
  if (Status s = prepare(request, submission.single); !s.ok()) return {std::move(s)};
  submission.ack = ack_of(request.ack());
  submission.ops = {&submission.single, 1};
  return submit(store_, submission);
}

Outcome KvService::put(const v1::PutRequest& request, Submission& submission) {
  return submit_one(request, submission);
}

Status KvService::put_done(const Submission& submission, v1::PutResponse& reply) {
  set_header(submission.revision, *reply.mutable_header());
  report(submission.single, reply);
  return submission.status;
}

Outcome KvService::erase(const v1::DeleteRequest& request, Submission& submission) {
  return submit_one(request, submission);
}

Status KvService::erase_done(const Submission& submission, v1::DeleteResponse& reply) {
  set_header(submission.revision, *reply.mutable_header());
  report(submission.single, reply);
  return submission.status;
}

Outcome KvService::write(const v1::WriteRequest& request, Submission& submission) {
  if (Status s = validate(request, limits_); !s.ok()) return {std::move(s)};
  submission.several.resize(static_cast<std::size_t>(request.ops_size()));
  for (int i = 0; i < request.ops_size(); ++i) {
    Status s = prepare(request.ops(i), submission.several[static_cast<std::size_t>(i)]);
    if (!s.ok()) return {std::move(s)};
  }
  submission.ack = ack_of(request.ack());
  submission.ops = submission.several;
  return submit(store_, submission);
}

Outcome KvService::retry(Submission& submission) { return submit(store_, submission); }

bool KvService::queue_was_full(const Outcome& outcome, const Submission& submission) const {
  // Without operations it never came to the queue; too large for an empty queue, it never will fit.
  return outcome.status.code == Code::kResourceExhausted && !submission.ops.empty() &&
         submission.bytes <= limits_.max_queue_bytes;
}

void KvService::write_done(const v1::WriteRequest& request, const Status& status,
                           const Submission& submission, v1::WriteResponse& reply) {
  // Refused before it came to the writer: then what readers see is the state that this answer rests on.
  set_header(std::max(submission.revision, status.ok() ? 0 : store_.published_revision()),
             *reply.mutable_header());
  reply.set_request_id(request.request_id());
  if (!status.ok()) {
    reply.mutable_error()->set_code(static_cast<std::int32_t>(status.code));
    reply.mutable_error()->set_message(status.message);
    return;
  }
  reply.mutable_results()->Reserve(request.ops_size());
  for (int i = 0; i < request.ops_size(); ++i) {
    report(submission.several[static_cast<std::size_t>(i)], request.ops(i), *reply.add_results());
  }
}

}  // namespace flashkv
