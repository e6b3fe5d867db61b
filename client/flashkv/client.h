// The flashkv client: one object, one connection, typed calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "client/flashkv/result.h"
#include "client/flashkv/types.h"

namespace flashkv::v1 {
class StatsResponse;
}

namespace flashkv::client {

struct ClientOptions {
  std::string endpoint = "127.0.0.1:7400";
  std::chrono::milliseconds timeout{5000};  // of each call; a call never waits longer
  // PEM files; any of them set: TLS.
  std::string ca_file{}, cert_file{}, key_file{};
  std::string token{};  // sent as a bearer token, over TLS only unless on loopback
  std::size_t max_message_bytes = (std::size_t{16} << 20) + (std::size_t{1} << 20);
  int connection = 0;  // clients with different numbers never share a connection
};

struct Transport;  // the channel and the stubs; known to the library's sources alone

// Purpose: calls to a flashkv server.
// Usage:   auto client = Client::open({.endpoint = "127.0.0.1:7400"});
//          if (!client) return report(client.error());
//          client->put("color", "blue");
//          if (auto got = client->get("color"); got && got->kv) print(got->kv->value);
// Threads: every call from any thread, at the same time.
// Lifetime: outlives the Writers made from it. open() does not connect: the first call does, and a lost
//          connection is made again by later calls.
// Cost:    one round trip a call; MultiGet and Writer share one among many keys.
// Errors:  kUnavailable no server, kDeadlineExceeded (see Error::certainly_not_applied), and what the method
//          documents in kv.proto.
class Client {
 public:
  // Errors: kInvalidArgument (a TLS file that cannot be read, a token on an open network).
  static Result<Client> open(const ClientOptions& options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  Result<GetResult> get(std::string_view key, const GetOptions& options = {});
  Result<MultiGetResult> multi_get(std::span<const std::string> keys, const GetOptions& options = {});
  Result<PutResult> put(std::string_view key, std::string_view value, const PutOptions& options = {});
  Result<DeleteResult> del(std::string_view key, bool prev_kv = false, Ack ack = Ack::kPublished);

  // The server's figures as admin.proto documents them; include flashkv/v1/admin.pb.h to read them.
  Result<std::unique_ptr<v1::StatsResponse>> stats();
  Result<PublishPolicy> publish_policy();
  Result<PublishPolicy> set_publish_policy(const PublishPolicy& policy);
  Result<std::uint64_t> publish();  // now; the revision that is published
  // `service` is "" for the server as a whole, or a service's full name.
  Result<Health> health(const std::string& service = "");

  const ClientOptions& options() const noexcept { return options_; }
  Transport& transport() noexcept { return *transport_; }

 private:
  Client(ClientOptions options, std::unique_ptr<Transport> transport);
  ClientOptions options_;
  std::unique_ptr<Transport> transport_;
};

}  // namespace flashkv::client
