// A list of requests linked through Request::next: no node, no allocation, nothing that can fail.
#pragma once

#include <cstddef>

#include "storage/request/request.h"

namespace flashkv {

// Purpose: first in, first out; a request is in at most one list.
// Threads: one.
class RequestList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  Request* first() const noexcept { return first_; }

  void push(Request& r) noexcept {
    r.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &r;
    last_ = &r;
    ++size_;
  }
  Request& pop() noexcept {
    Request& r = *first_;
    first_ = r.next;
    if (first_ == nullptr) last_ = nullptr;
    r.next = nullptr;
    --size_;
    return r;
  }
  // Empties the list; returns its members, still linked, oldest first.
  Request* release() noexcept {
    Request* all = first_;
    *this = RequestList{};
    return all;
  }
  // Calls `keep` for every member; where it returns false the member is out of the list, and `keep` may link
  // it elsewhere.
  template <typename Keep>
  void filter(Keep keep) noexcept {
    Request* r = release();
    while (r != nullptr) {
      Request* following = r->next;
      if (keep(*r)) push(*r);
      r = following;
    }
  }

 private:
  Request* first_ = nullptr;
  Request* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace flashkv
