#include "client/flashkv/transport.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

namespace flashkv::client {
namespace {

constexpr std::chrono::milliseconds kShortestConnect{1'000};
constexpr std::chrono::milliseconds kLongestConnect{20'000};

Result<std::string> contents(const std::string& path) {
  if (path.empty()) return std::string{};
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return Error{.code = Errc::kInvalidArgument, .message = "cannot read " + path};
  return text.str();
}

// "127.0.0.1.example.org" is a host name, so a numeric host is required.
bool on_loopback(const std::string& endpoint) {
  const std::string host = endpoint.substr(0, endpoint.rfind(':'));
  const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos;
  return (numeric && host.starts_with("127.")) || host == "localhost" || host == "[::1]" ||
         endpoint.starts_with("unix:");
}

// The characters a header may hold. Error messages never contain the token.
bool printable(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

Result<std::shared_ptr<grpc::ChannelCredentials>> credentials(const ClientOptions& options) {
  if (options.ca_file.empty() && options.cert_file.empty() && options.key_file.empty()) {
    if (!options.token.empty() && !on_loopback(options.endpoint))
      return Error{.code = Errc::kInvalidArgument,
                   .message = "a token is not sent without TLS; give a CA certificate"};
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions ssl;
  for (auto [path, to] :
       {std::pair{&options.ca_file, &ssl.pem_root_certs}, std::pair{&options.cert_file, &ssl.pem_cert_chain},
        std::pair{&options.key_file, &ssl.pem_private_key}}) {
    auto read = contents(*path);
    if (!read) return read.error();
    if (!path->empty() && read->find("-----BEGIN ") == std::string::npos)
      return Error{.code = Errc::kInvalidArgument, .message = *path + ": not a PEM file"};
    *to = std::move(*read);
  }
  return grpc::SslCredentials(ssl);
}

}  // namespace

void Transport::prepare(grpc::ClientContext& context, std::chrono::milliseconds timeout) const {
  // A timeout of more than a year means no deadline: the sum could overflow.
  if (timeout.count() > 0 && timeout < std::chrono::hours(24 * 365))
    context.set_deadline(std::chrono::system_clock::now() + timeout);
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
}

Result<std::unique_ptr<Transport>> connect(const ClientOptions& options) {
  if (!printable(options.token))
    return Error{.code = Errc::kInvalidArgument, .message = "token: not printable ASCII"};
  auto trusted = credentials(options);
  if (!trusted) return trusted.error();
  grpc::ChannelArguments arguments;
  const int limit = static_cast<int>(options.max_message_bytes);
  arguments.SetMaxReceiveMessageSize(limit);
  arguments.SetMaxSendMessageSize(limit);
  arguments.SetInt("flashkv.connection", options.connection);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // gRPC also uses the minimum backoff as the connect timeout.
  using std::chrono::milliseconds;
  const auto patience = options.timeout.count() > 0 ? options.timeout : kLongestConnect;
  arguments.SetInt(
      GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
      static_cast<int>(std::clamp<milliseconds>(patience, kShortestConnect, kLongestConnect).count()));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // Detects hosts that disappear without closing the connection.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  // http_proxy in the environment is meant for web traffic.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  auto t = std::make_unique<Transport>();
  t->channel = grpc::CreateCustomChannel(options.endpoint, *trusted, arguments);
  t->kv = v1::KV::NewStub(t->channel);
  t->admin = v1::Admin::NewStub(t->channel);
  t->health = grpc::health::v1::Health::NewStub(t->channel);
  if (!options.token.empty()) t->authorization = "Bearer " + options.token;
  return t;
}

Error error_of(const grpc::Status& status, const grpc::ClientContext* context) {
  Error e{.code = static_cast<Errc>(status.error_code()), .message = status.error_message()};
  if (context != nullptr) {
    const auto& trailers = context->GetServerTrailingMetadata();
    const auto applied = trailers.find("flashkv-applied");
    e.certainly_not_applied = applied != trailers.end() && applied->second == "no";
  }
  return e;
}

}  // namespace flashkv::client
