// Tags for a completion queue.
#pragma once

namespace flashkv {

// Purpose: the tag of one pending operation; ready() runs on the request thread whose queue it came from.
class Event {
 public:
  virtual void ready(bool ok) = 0;

 protected:
  ~Event() = default;
};

// Purpose: one of several events of an object, each with its own handler.
// Usage:   MemberEvent<Stream, &Stream::on_read> read_{*this};
template <typename Owner, void (Owner::*Handler)(bool)>
class MemberEvent final : public Event {
 public:
  explicit MemberEvent(Owner& owner) : owner_(owner) {}
  void ready(bool ok) override { (owner_.*Handler)(ok); }

 private:
  Owner& owner_;
};

}  // namespace flashkv
