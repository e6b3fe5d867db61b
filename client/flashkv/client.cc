#include "client/flashkv/client.h"

#include <algorithm>

#include "client/flashkv/endpoint.h"
#include "client/flashkv/messages.h"
#include "client/flashkv/transport.h"

namespace flashkv::client {
namespace {

// Makes one unary call and fills `reply`, or returns the error.
template <typename Stub, typename Request, typename Reply>
std::optional<Error> call(const Client& client, const Transport& transport, Stub& stub,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                          const Request& request, Reply& reply) {
  grpc::ClientContext context;
  transport.prepare(context, client.options().timeout);
  const grpc::Status status = (stub.*method)(&context, request, &reply);
  if (status.ok()) return std::nullopt;
  return error_of(status, &context);
}

// The same for a method whose reply becomes a result with the revision of its header.
template <typename Stub, typename Request, typename Reply>
auto call_for_result(const Client& client, const Transport& transport, Stub& stub,
                     grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                     const Request& request) -> Result<decltype(result_of(Reply()))> {
  Reply reply;
  if (auto failed = call(client, transport, stub, method, request, reply)) return std::move(*failed);
  const std::uint64_t revision = reply.header().revision();
  auto result = result_of(std::move(reply));
  result.revision = revision;
  return result;
}

template <typename Reply>
PublishPolicy policy_of(const Reply& reply) {
  return {.interval = std::chrono::microseconds(reply.interval_us()),
          .max_batch = reply.max_batch(),
          .adaptive = reply.adaptive()};
}

}  // namespace

Client::Client(ClientOptions options, std::unique_ptr<Transport> transport)
    : options_(std::move(options)), transport_(std::move(transport)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::open(const ClientOptions& options) {
  auto endpoint = complete_endpoint(options.endpoint);
  if (!endpoint) return endpoint.error();
  ClientOptions complete = options;
  complete.endpoint = std::move(*endpoint);
  auto transport = connect(complete);
  if (!transport) return transport.error();
  return Client(std::move(complete), std::move(*transport));
}

Result<GetResult> Client::get(std::string_view key, const GetOptions& options) {
  v1::GetRequest request;
  request.set_key(key.data(), key.size());
  request.set_keys_only(options.keys_only);
  request.set_at_least_revision(options.at_least_revision);
  return call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::Get, request);
}

Result<MultiGetResult> Client::multi_get(std::span<const std::string> keys, const GetOptions& options) {
  v1::MultiGetRequest request;
  for (const std::string& key : keys) request.add_keys(key);
  request.set_keys_only(options.keys_only);
  request.set_at_least_revision(options.at_least_revision);
  auto result = call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::MultiGet, request);
  if (result && result->kvs.size() != keys.size())
    return Error{.code = Errc::kInternal, .message = "the server answered with the wrong number of keys"};
  return result;
}

Result<PutResult> Client::put(std::string_view key, std::string_view value, const PutOptions& options) {
  v1::PutRequest request;
  request.set_key(key.data(), key.size());
  request.set_value(value.data(), value.size());
  fill(options, request);
  request.set_ack(to_wire(options.ack));
  return call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::Put, request);
}

Result<DeleteResult> Client::del(std::string_view key, bool prev_kv, Ack ack) {
  v1::DeleteRequest request;
  fill(DeleteOp{.key = std::string(key), .prev_kv = prev_kv}, request);
  request.set_ack(to_wire(ack));
  return call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::Delete, request);
}

Result<DeleteResult> Client::delete_keys(const KeyRange& range, const DeleteRangeOptions& options) {
  v1::DeleteRequest request;
  fill(DeleteOp{.key = {}, .prev_kv = options.prev_kv, .range = range, .limit = options.limit}, request);
  request.set_ack(to_wire(options.ack));
  return call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::Delete, request);
}

Result<DeleteResult> Client::delete_range(std::string_view start, std::string_view end,
                                          const DeleteRangeOptions& options) {
  return delete_keys({.prefix = {}, .start = std::string(start), .end = std::string(end)}, options);
}

Result<DeleteResult> Client::delete_prefix(std::string_view prefix, const DeleteRangeOptions& options) {
  return delete_keys({.prefix = std::string(prefix)}, options);
}

Result<ExpireResult> Client::expire(std::string_view key, std::int64_t ttl_ms, Ack ack) {
  v1::ExpireRequest request;
  fill(ExpireOp{.key = std::string(key), .ttl_ms = ttl_ms}, request);
  request.set_ack(to_wire(ack));
  return call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::Expire, request);
}

Result<IncrementResult> Client::increment(std::string_view key, std::int64_t delta,
                                          const IncrementOptions& options) {
  v1::IncrementRequest request;
  fill(IncrementOp{.key = std::string(key), .delta = delta, .options = options}, request);
  request.set_ack(to_wire(options.ack));
  return call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::Increment, request);
}

Result<AppendResult> Client::append(std::string_view key, std::string_view value, Ack ack) {
  v1::AppendRequest request;
  request.set_key(key.data(), key.size());
  request.set_value(value.data(), value.size());
  request.set_ack(to_wire(ack));
  return call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::Append, request);
}

Result<TxnResult> Client::txn(const Txn& txn) {
  v1::TxnRequest request;
  fill(txn, request);
  auto result = call_for_result(*this, *transport_, *transport_->kv, &v1::KV::Stub::Txn, request);
  if (result && !std::ranges::equal(result->results, result->succeeded ? txn.success : txn.failure,
                                    [](const OpResult& a, const Op& b) { return a.index() == b.index(); }))
    return Error{.code = Errc::kInternal, .message = "the server answered with results of other operations"};
  return result;
}

Result<std::unique_ptr<v1::StatsResponse>> Client::stats() {
  auto reply = std::make_unique<v1::StatsResponse>();
  if (auto failed =
          call(*this, *transport_, *transport_->admin, &v1::Admin::Stub::Stats, v1::StatsRequest{}, *reply))
    return *failed;
  return reply;
}

Result<PublishPolicy> Client::publish_policy() {
  v1::GetPublishPolicyResponse reply;
  if (auto failed = call(*this, *transport_, *transport_->admin, &v1::Admin::Stub::GetPublishPolicy,
                         v1::GetPublishPolicyRequest{}, reply))
    return *failed;
  return policy_of(reply);
}

Result<PublishPolicy> Client::set_publish_policy(const PublishPolicy& policy) {
  v1::SetPublishPolicyRequest request;
  request.set_interval_us(static_cast<std::uint64_t>(policy.interval.count()));
  request.set_max_batch(policy.max_batch);
  request.set_adaptive(policy.adaptive);
  v1::SetPublishPolicyResponse reply;
  if (auto failed =
          call(*this, *transport_, *transport_->admin, &v1::Admin::Stub::SetPublishPolicy, request, reply))
    return *failed;
  return policy_of(reply);
}

Result<std::unique_ptr<v1::SlowLogResponse>> Client::slow_log(std::uint64_t limit, bool reset) {
  v1::SlowLogRequest request;
  request.set_limit(limit);
  request.set_reset(reset);
  auto reply = std::make_unique<v1::SlowLogResponse>();
  if (auto failed = call(*this, *transport_, *transport_->admin, &v1::Admin::Stub::SlowLog, request, *reply))
    return *failed;
  return reply;
}

Result<std::string> Client::set_log_level(const std::string& level) {
  v1::SetLogLevelRequest request;
  request.set_level(level);
  v1::SetLogLevelResponse reply;
  if (auto failed =
          call(*this, *transport_, *transport_->admin, &v1::Admin::Stub::SetLogLevel, request, reply))
    return *failed;
  return reply.previous();
}

Result<std::uint64_t> Client::publish() {
  v1::PublishResponse reply;
  if (auto failed = call(*this, *transport_, *transport_->admin, &v1::Admin::Stub::Publish,
                         v1::PublishRequest{}, reply))
    return *failed;
  return reply.revision();
}

Result<Health> Client::health(const std::string& service) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  grpc::health::v1::HealthCheckResponse reply;
  if (auto failed = call(*this, *transport_, *transport_->health, &grpc::health::v1::Health::Stub::Check,
                         request, reply))
    return *failed;
  switch (reply.status()) {
    case grpc::health::v1::HealthCheckResponse::SERVING:
      return Health::kServing;
    case grpc::health::v1::HealthCheckResponse::NOT_SERVING:
      return Health::kNotServing;
    default:
      return Health::kUnknown;
  }
}

}  // namespace flashkv::client
