// The flashkv client: typed calls over one connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <flashkv/result.h>
#include <flashkv/txn.h>
#include <flashkv/types.h>

namespace flashkv::v1 {
class SlowLogResponse;
class StatsResponse;
}  // namespace flashkv::v1

namespace flashkv::client {

struct ClientOptions {
  std::string endpoint = "127.0.0.1:7400";  // HOST[:PORT]; the default port is 7400
  std::chrono::milliseconds timeout{5000};  // the longest wait of one call; 0 = no limit
  // PEM files. If any is set, the connection uses TLS.
  std::string ca_file{}, cert_file{}, key_file{};
  std::string token{};  // bearer token; without TLS it is sent to loopback addresses only
  std::size_t max_message_bytes = (std::size_t{16} << 20) + (std::size_t{1} << 20);
  int connection = 0;  // clients with different numbers never share a connection
};

struct Transport;  // the channel and the stubs; private to the library

// Purpose: a connection to a flashkv server.
// Usage:   auto client = Client::open({.endpoint = "127.0.0.1:7400"});
//          if (!client) return report(client.error());
//          client->put("color", "blue");
//          if (auto got = client->get("color"); got && got->kv) print(got->kv->value);
// Threads: all calls may run concurrently, from any threads.
// Lifetime: must outlive the Writers made from it. open() does not connect; the first call does, and a later
//          call reconnects if the connection was lost.
// Cost:    one round trip per call; multi_get() and Writer carry many keys in one.
// Limits:  messages of max_message_bytes, in both directions.
// Errors:  kUnavailable (no server), kDeadlineExceeded (see Error::certainly_not_applied), and those
//          documented with the method in kv.proto.
class Client {
 public:
  // Errors: kInvalidArgument (endpoint, a TLS file that cannot be read, a token that would be sent in
  //         the clear).
  static Result<Client> open(const ClientOptions& options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  Result<GetResult> get(std::string_view key, const GetOptions& options = {});
  Result<MultiGetResult> multi_get(std::span<const std::string> keys, const GetOptions& options = {});
  Result<PutResult> put(std::string_view key, std::string_view value, const PutOptions& options = {});
  Result<DeleteResult> del(std::string_view key, bool prev_kv = false, Ack ack = Ack::kPublished);
  // The keys of a range, or all that begin with a prefix; the least key is a single zero byte.
  Result<DeleteResult> delete_range(std::string_view start, std::string_view end,
                                    const DeleteRangeOptions& options = {});
  Result<DeleteResult> delete_prefix(std::string_view prefix, const DeleteRangeOptions& options = {});
  // Keys of the range, in one revision. To read them: Scanner, in scan.h.
  Result<CountResult> count(const KeyRange& range = {}, std::uint64_t at_least_revision = 0);
  // Expires the key after ttl_ms, 0 removes its expiry.
  Result<ExpireResult> expire(std::string_view key, std::int64_t ttl_ms, Ack ack = Ack::kPublished);
  // Adds to a number stored as decimal text.
  Result<IncrementResult> increment(std::string_view key, std::int64_t delta = 1,
                                    const IncrementOptions& options = {});
  // An absent key counts as an empty value.
  Result<AppendResult> append(std::string_view key, std::string_view value, Ack ack = Ack::kPublished);
  Result<TxnResult> txn(const Txn& txn);

  // The statistics documented in admin.proto; include flashkv/v1/admin.pb.h to read them.
  Result<std::unique_ptr<v1::StatsResponse>> stats();
  Result<PublishPolicy> publish_policy();
  Result<PublishPolicy> set_publish_policy(const PublishPolicy& policy);
  // The slow log documented in admin.proto. `limit`: most entries, 0 = all; `reset` forgets them then.
  Result<std::unique_ptr<v1::SlowLogResponse>> slow_log(std::uint64_t limit = 0, bool reset = false);
  Result<std::string> set_log_level(const std::string& level);  // returns the previous one
  Result<std::uint64_t> publish();  // publishes now; returns the published revision
  // `service`: "" for the whole server, or the full name of a service.
  Result<Health> health(const std::string& service = "");

  // As given to open(), with the endpoint's port filled in.
  const ClientOptions& options() const noexcept { return options_; }
  Transport& transport() noexcept { return *transport_; }

 private:
  Client(ClientOptions options, std::unique_ptr<Transport> transport);
  Result<DeleteResult> delete_keys(const KeyRange& range, const DeleteRangeOptions& options);
  ClientOptions options_;
  std::unique_ptr<Transport> transport_;
};

}  // namespace flashkv::client
