// A KV service in this process that does what a test tells it to: what a real server does only on bad days.
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

// How the server behaves.
struct Script {
  std::string refused_key{};  // a Write request that holds it, or a Put of it, is rejected
  std::uint64_t die_after_answers = ~std::uint64_t{0};  // Write: ends the stream with UNAVAILABLE
  std::uint64_t silent_after = ~std::uint64_t{0};       // Write: reads on, answers no more
  std::uint64_t deaf_after = ~std::uint64_t{0};         // Write: neither reads nor answers any more
  std::chrono::milliseconds answer_delay{0};            // Write
  int put_code = 0;                                     // Put fails with it
  bool not_applied_trailer = false;                     // together with put_code
  bool swap_answers = false;                            // Write: answers with a request_id that is not due
};

// Purpose: serves Get, MultiGet, Put, Delete and Write from a std::map, after a script.
// Threads: the test's thread looks at stored() while it runs.
class ScriptedServer {
 public:
  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  std::string endpoint() const;
  std::map<std::string, std::string> stored() const;
  std::vector<std::string> puts_in_order() const;  // "key=value"

 private:
  struct Service;
  std::unique_ptr<Service> service_;
};

}  // namespace flashkv::client
