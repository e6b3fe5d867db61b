#include "client/flashkv/client.h"

#include "client/flashkv/endpoint.h"
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

v1::Condition to_wire(Condition condition) noexcept {
  switch (condition) {
    case Condition::kIfAbsent:
      return v1::CONDITION_IF_ABSENT;
    case Condition::kIfPresent:
      return v1::CONDITION_IF_PRESENT;
    case Condition::kAlways:
      break;
  }
  return v1::CONDITION_ALWAYS;
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
  v1::GetResponse reply;
  if (auto failed = call(*this, *transport_, *transport_->kv, &v1::KV::Stub::Get, request, reply))
    return *failed;
  GetResult result{.kv = {}, .revision = reply.header().revision()};
  if (reply.has_kv()) result.kv = from_wire(std::move(*reply.mutable_kv()));
  return result;
}

Result<MultiGetResult> Client::multi_get(std::span<const std::string> keys, const GetOptions& options) {
  v1::MultiGetRequest request;
  for (const std::string& key : keys) request.add_keys(key);
  request.set_keys_only(options.keys_only);
  request.set_at_least_revision(options.at_least_revision);
  v1::MultiGetResponse reply;
  if (auto failed = call(*this, *transport_, *transport_->kv, &v1::KV::Stub::MultiGet, request, reply))
    return *failed;
  if (static_cast<std::size_t>(reply.results_size()) != keys.size())
    return Error{.code = Errc::kInternal, .message = "the server answered with the wrong number of keys"};
  MultiGetResult result{.kvs = {}, .revision = reply.header().revision()};
  result.kvs.reserve(keys.size());
  for (v1::Lookup& lookup : *reply.mutable_results()) {
    result.kvs.emplace_back();
    if (lookup.found()) result.kvs.back() = from_wire(std::move(*lookup.mutable_kv()));
  }
  return result;
}

Result<PutResult> Client::put(std::string_view key, std::string_view value, const PutOptions& options) {
  v1::PutRequest request;
  request.set_key(key.data(), key.size());
  request.set_value(value.data(), value.size());
  request.set_ttl_ms(options.ttl_ms);
  request.set_keep_ttl(options.keep_ttl);
  request.set_condition(to_wire(options.condition));
  if (options.expected_mod_revision) request.set_expected_mod_revision(*options.expected_mod_revision);
  request.set_prev_kv(options.prev_kv);
  request.set_ack(client::to_wire(options.ack));
  v1::PutResponse reply;
  if (auto failed = call(*this, *transport_, *transport_->kv, &v1::KV::Stub::Put, request, reply))
    return *failed;
  PutResult result{.succeeded = reply.succeeded(), .prev_kv = {}, .revision = reply.header().revision()};
  if (reply.has_prev_kv()) result.prev_kv = from_wire(std::move(*reply.mutable_prev_kv()));
  return result;
}

Result<DeleteResult> Client::del(std::string_view key, bool prev_kv, Ack ack) {
  v1::DeleteRequest request;
  request.set_key(key.data(), key.size());
  request.set_prev_kv(prev_kv);
  request.set_ack(client::to_wire(ack));
  v1::DeleteResponse reply;
  if (auto failed = call(*this, *transport_, *transport_->kv, &v1::KV::Stub::Delete, request, reply))
    return *failed;
  DeleteResult result{.deleted = reply.deleted(), .prev_kvs = {}, .revision = reply.header().revision()};
  for (v1::KeyValue& kv : *reply.mutable_prev_kvs()) result.prev_kvs.push_back(from_wire(std::move(kv)));
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
