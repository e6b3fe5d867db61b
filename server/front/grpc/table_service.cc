#include "server/front/grpc/table_service.h"

#include <grpcpp/impl/rpc_service_method.h>

#include <map>

namespace flashkv {
namespace {

// "/flashkv.v1.KV/Get" -> "flashkv.v1.KV".
std::string_view service_of(const MethodRow& row) { return row.name.substr(1, row.name.rfind('/') - 1); }

}  // namespace

TableService::TableService(std::string_view service) {
  using grpc::internal::RpcMethod;
  int registered = 0;
  for (std::size_t row = 0; row < method_table().size(); ++row) {
    const MethodRow& method = method_table()[row];
    if (service_of(method) != service) continue;
    const auto type = method.make_unary != nullptr ? RpcMethod::NORMAL_RPC : RpcMethod::BIDI_STREAMING;
    AddMethod(new grpc::internal::RpcServiceMethod(method.name.data(), type, nullptr));
    MarkMethodRaw(registered);
    index_[row] = registered++;
  }
}

void TableService::request_unary(MethodId row, grpc::ServerContext& context, grpc::ByteBuffer& request,
                                 RawWriter& writer, grpc::ServerCompletionQueue& queue, Event& done) {
  RequestAsyncUnary(index_[row], &context, &request, &writer, &queue, &queue, &done);
}

void TableService::request_stream(MethodId row, grpc::ServerContext& context, RawStream& stream,
                                  grpc::ServerCompletionQueue& queue, Event& done) {
  RequestAsyncBidiStreaming(index_[row], &context, &stream, &queue, &queue, &done);
}

TableServices::TableServices() {
  std::map<std::string_view, TableService*> by_name;
  for (const MethodRow& row : method_table()) {
    TableService*& service = by_name[service_of(row)];
    if (service == nullptr) {
      service = all.emplace_back(std::make_unique<TableService>(service_of(row))).get();
    }
    of_row.push_back(service);
  }
}

}  // namespace flashkv
