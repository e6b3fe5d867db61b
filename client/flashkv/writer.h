// The bulk-load path: many puts in flight over one stream, answered in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/flashkv/client.h"

namespace flashkv::client {

// Purpose: a stream of atomic requests of many puts each, with a bounded window of unanswered ones.
// Usage:   Writer writer(client, {});
//          for (auto& [key, value] : data)
//            if (!writer.put(key, value)) break;      // rejected or broken: see below
//          if (auto failed = writer.close()) report(*failed, writer.acknowledged());
// Threads: one thread at a time; a thread of its own reads the answers, another watches that they come.
// Lifetime: the client outlives it. Destroyed without close(), it cancels the stream: what was not
//          acknowledged may or may not have been applied.
// Cost:    messages are recycled, so a put in steady state copies its bytes and allocates nothing. Blocks
//          while `window` requests are unanswered: a slow server slows the caller down.
// Limits:  memory: (window + 1) requests of ops_per_request puts or bytes_per_request bytes.
// Errors:  put() answers false, and does not take the item, after the server rejected a request
//          (take_rejection() tells which, and the stream goes on) or after the stream broke (error()):
//          kUnavailable the server died, kDeadlineExceeded no answer came for the client's timeout.
class Writer {
 public:
  struct Options {
    std::size_t ops_per_request = 500;  // at most 10,000
    std::size_t bytes_per_request = std::size_t{1} << 20;
    std::size_t window = 16;
    Ack ack = Ack::kPublished;
  };
  struct Item {
    std::string key, value;
    std::int64_t ttl_ms = 0;
    std::uint64_t tag = 0;  // the caller's, for instance a line number
  };
  // One request of which nothing was applied, and what was sent after it. A caller that goes on puts
  // `later` again, so that the order of writes to one key is kept; they are not counted as acknowledged yet.
  struct Rejection {
    Error error;
    std::vector<Item> items;
    std::vector<Item> later;
  };

  Writer(Client& client, const Options& options);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool put(std::string_view key, std::string_view value, std::int64_t ttl_ms = 0, std::uint64_t tag = 0);
  bool flush();  // sends what put() has gathered
  bool drain();  // flush, then wait until everything sent is answered
  std::optional<Rejection> take_rejection();
  // Drains and ends the stream. Nothing: all that was put is acknowledged.
  std::optional<Error> close();

  std::uint64_t acknowledged() const;   // puts that the server confirmed, in the order they were put
  std::uint64_t last_revision() const;  // of the last acknowledged request
  std::optional<Error> error() const;   // why the stream broke

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace flashkv::client
