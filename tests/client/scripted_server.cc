#include "tests/client/scripted_server.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <thread>

#include "flashkv/v1/kv.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace flashkv::client {

namespace {

class AlwaysServing final : public grpc::health::v1::Health::Service {
  grpc::Status Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest*,
                     grpc::health::v1::HealthCheckResponse* reply) override {
    reply->set_status(grpc::health::v1::HealthCheckResponse::SERVING);
    return grpc::Status::OK;
  }
};

}  // namespace

struct ScriptedServer::Service final : v1::KV::Service {
  using WriteStream = grpc::ServerReaderWriter<v1::WriteResponse, v1::WriteRequest>;

  explicit Service(Script s) : script(std::move(s)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    builder.RegisterService(&health);
    server = builder.BuildAndStart();
  }

  void store(const v1::PutRequest& put) {
    map[put.key()] = put.value();
    log.push_back(put.key() + "=" + put.value());
  }

  grpc::Status Get(grpc::ServerContext*, const v1::GetRequest* request, v1::GetResponse* reply) override {
    std::this_thread::sleep_for(script.get_delay);
    const std::lock_guard lock(mutex);
    revisions.push_back(request->at_least_revision());
    reply->mutable_header()->set_revision(revision);
    const auto found = map.find(request->key());
    if (found == map.end()) return grpc::Status::OK;
    reply->mutable_kv()->set_key(found->first);
    if (!request->keys_only()) reply->mutable_kv()->set_value(found->second);
    return grpc::Status::OK;
  }

  // Whatever is asked, one increment is answered.
  grpc::Status Txn(grpc::ServerContext*, const v1::TxnRequest*, v1::TxnResponse* reply) override {
    reply->set_succeeded(true);
    reply->add_results()->mutable_increment()->set_value(1);
    return grpc::Status::OK;
  }

  grpc::Status MultiGet(grpc::ServerContext*, const v1::MultiGetRequest* request,
                        v1::MultiGetResponse* reply) override {
    const std::lock_guard lock(mutex);
    revisions.push_back(request->at_least_revision());
    for (const std::string& key : request->keys()) {
      v1::Lookup& lookup = *reply->add_results();
      const auto found = map.find(key);
      if (found == map.end()) continue;
      lookup.set_found(true);
      lookup.mutable_kv()->set_key(key);
      lookup.mutable_kv()->set_value(found->second);
    }
    return grpc::Status::OK;
  }

  grpc::Status Put(grpc::ServerContext* context, const v1::PutRequest* request,
                   v1::PutResponse* reply) override {
    if (script.put_code != 0) {
      if (script.not_applied_trailer) context->AddTrailingMetadata("flashkv-applied", "no");
      return {static_cast<grpc::StatusCode>(script.put_code), "as scripted"};
    }
    if (!script.refused_key.empty() && request->key() == script.refused_key)
      return {grpc::StatusCode::INVALID_ARGUMENT, "key: refused by the script"};
    const std::lock_guard lock(mutex);
    if (full_puts++ < script.full_queue_puts)
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "queue full: max-queue-requests 1"};
    if (request->condition() == v1::CONDITION_IF_ABSENT && map.contains(request->key()))
      return grpc::Status::OK;
    store(*request);
    reply->set_succeeded(true);
    reply->mutable_header()->set_revision(++revision);
    return grpc::Status::OK;
  }

  grpc::Status Delete(grpc::ServerContext*, const v1::DeleteRequest* request,
                      v1::DeleteResponse* reply) override {
    const std::lock_guard lock(mutex);
    reply->set_deleted(map.erase(request->key()));
    return grpc::Status::OK;
  }

  bool refused(const v1::WriteRequest& request) const {
    if (script.refused_key.empty()) return false;
    for (const v1::Op& op : request.ops())
      if (op.put().key() == script.refused_key) return true;
    return false;
  }

  bool answer_one(const v1::WriteRequest& request, WriteStream* stream) {
    v1::WriteResponse answer;
    answer.set_request_id(request.request_id() + (script.swap_answers ? 1 : 0));
    if (refused(request)) {
      answer.mutable_error()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
      answer.mutable_error()->set_message("key: refused by the script");
    } else {
      const std::lock_guard lock(mutex);
      for (const v1::Op& op : request.ops()) store(op.put());
      answer.mutable_header()->set_revision(++revision);
    }
    std::this_thread::sleep_for(script.answer_delay);
    return stream->Write(answer);
  }

  grpc::Status Write(grpc::ServerContext* context, WriteStream* stream) override {
    std::vector<v1::WriteRequest> unanswered;
    v1::WriteRequest request;
    for (std::uint64_t answers = 0; stream->Read(&request);) {
      ++read;
      while (answers >= script.deaf_after && !context->IsCancelled())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (answers == script.die_after_answers) return {grpc::StatusCode::UNAVAILABLE, "died as scripted"};
      if (answers >= script.silent_after) continue;
      unanswered.push_back(std::move(request));
      if (read < script.read_ahead) continue;
      for (const v1::WriteRequest& due : unanswered) {
        if (!answer_one(due, stream)) return grpc::Status::OK;
        ++answers;
      }
      unanswered.clear();
    }
    return grpc::Status::OK;
  }

  const Script script;
  mutable std::mutex mutex;
  std::map<std::string, std::string> map;
  std::vector<std::string> log;
  std::vector<std::uint64_t> revisions;
  std::uint64_t revision = 0;
  int full_puts = 0;
  std::atomic<std::uint64_t> read = 0;
  int port = 0;
  AlwaysServing health;
  std::unique_ptr<grpc::Server> server;
};

ScriptedServer::ScriptedServer(Script script) : service_(std::make_unique<Service>(std::move(script))) {}
ScriptedServer::~ScriptedServer() { service_->server->Shutdown(std::chrono::system_clock::now()); }
std::string ScriptedServer::endpoint() const { return "127.0.0.1:" + std::to_string(service_->port); }

std::map<std::string, std::string> ScriptedServer::stored() const {
  const std::lock_guard lock(service_->mutex);
  return service_->map;
}

std::vector<std::string> ScriptedServer::puts_in_order() const {
  const std::lock_guard lock(service_->mutex);
  return service_->log;
}

std::uint64_t ScriptedServer::write_requests() const { return service_->read; }

std::vector<std::uint64_t> ScriptedServer::wanted_revisions() const {
  const std::lock_guard lock(service_->mutex);
  return service_->revisions;
}

}  // namespace flashkv::client
