// A KV service in the test's own process that fails on command, as a real server does only under stress.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace flashkv::client {

// The behaviour of the server.
struct Script {
  std::string refused_key{};                            // rejects a Put or Write request that contains it
  std::uint64_t die_after_answers = ~std::uint64_t{0};  // Write: ends the stream with UNAVAILABLE
  std::uint64_t silent_after = ~std::uint64_t{0};       // Write: keeps reading but stops answering
  std::uint64_t deaf_after = ~std::uint64_t{0};         // Write: stops reading and answering
  std::uint64_t read_ahead = 1;               // Write: answers nothing until it has read this many requests
  std::chrono::milliseconds answer_delay{0};  // Write
  std::chrono::milliseconds get_delay{0};     // Get
  int put_code = 0;                           // the code every Put fails with; 0 = none
  int full_queue_puts = 0;                    // the first Puts that fail because the queue is full
  bool not_applied_trailer = false;           // together with put_code
  bool swap_answers = false;                  // Write: answers with a wrong request_id
};

// Purpose: serves Get, MultiGet, Put, Delete, Txn, Write and health from a std::map, following a script.
// Usage:   const ScriptedServer server({.refused_key = "k7"}); auto client = Client::open({.endpoint
//          = server.endpoint()});
// Threads: any; a test may read the records while the server runs.
class ScriptedServer {
 public:
  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  std::string endpoint() const;
  std::map<std::string, std::string> stored() const;
  std::vector<std::string> puts_in_order() const;       // "key=value"
  std::uint64_t write_requests() const;                 // read from Write streams so far
  std::vector<std::uint64_t> wanted_revisions() const;  // at_least_revision of each Get and MultiGet

 private:
  struct Service;
  std::unique_ptr<Service> service_;
};

}  // namespace flashkv::client
