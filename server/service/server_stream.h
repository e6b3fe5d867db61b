// A stream as its method and its transport see it.
#pragma once

#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message_lite.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "server/service/session.h"
#include "storage/request/request.h"

namespace flashkv {

// Purpose: owns one serialized message in a single buffer, which a front can send without a copy.
class MessageBytes {
 public:
  explicit MessageBytes(const google::protobuf::MessageLite& message)
      : size_(message.ByteSizeLong()), data_(new std::uint8_t[size_]) {
    message.SerializeWithCachedSizesToArray(data_.get());
  }
  // Two parts of one message: its fields may come in any order.
  MessageBytes(const std::string& head, const std::string& tail)
      : size_(head.size() + tail.size()), data_(new std::uint8_t[size_]) {
    std::copy(tail.begin(), tail.end(), std::copy(head.begin(), head.end(), data_.get()));
  }
  MessageBytes() = default;

  std::size_t size() const noexcept { return size_; }
  const std::uint8_t* data() const noexcept { return data_.get(); }
  // The caller frees it with delete[].
  std::uint8_t* release() noexcept {
    size_ = 0;
    return data_.release();
  }

 private:
  std::size_t size_ = 0;
  std::unique_ptr<std::uint8_t[]> data_;
};

// Purpose: the transport's side of one stream: implemented by a front, called by a StreamHandler.
// Usage:   stream.read();                       // one message, later: handler.on_message() or on_end()
//          if (stream.writable()) stream.write(MessageBytes(reply), false);   // later: on_writable()
//          stream.finish(status);               // the last call
// Threads: the session's. No function calls the handler before it has returned.
// Limits:  flow control. Without a read() the client's messages stay with the client; one write is in
//          progress at a time, and a client that does not read keeps writable() false.
// Lifetime: it and the handler live until finish() was called and everything in progress has completed.
class ServerStream {
 public:
  // Asks for one message. Not to be called again before it has arrived, or after on_end().
  virtual void read() = 0;
  // Only while writable(). `more`: another write follows at once, so the two may be sent together.
  virtual void write(MessageBytes bytes, bool more) = 0;
  // False while a write is in progress, and for good once the client is gone.
  virtual bool writable() const = 0;
  // Bytes passed to write() and not yet sent.
  virtual std::size_t bytes_in_flight() const = 0;
  // The client is gone: nothing more can be written; finish() is still due.
  virtual bool gone() const = 0;
  // Ends the stream; no write may be in progress. A timer that is set is dropped.
  virtual void finish(Status status) = 0;
  // Only while a write is in progress, for a client that does not take it: drops the write and tells the
  // client `status`. on_writable() follows, with gone(), and finish() is still due.
  virtual void cut(Status status) = 0;
  // Calls on_timer() once, after `delay`; one timer at a time.
  virtual void wake_after(Nanos delay) = 0;
  // Counts one request of this method with this code.
  virtual void count(Code code) = 0;

  virtual Session& session() = 0;
  // The sink for calls that this stream submits; they resume on the session's thread.
  virtual CompletionSink& completions() = 0;
  virtual Nanos deadline() const = 0;
  virtual bool draining() const = 0;

 protected:
  ~ServerStream() = default;
};

// Purpose: the method's side of one stream: reacts to its events.
// Threads: the session's.
// Lifetime: made when the client opens the stream; deleted by the front after finish(). It must not call
//          finish() while the writer still holds one of its calls.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_open() = 0;
  virtual void on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) = 0;
  // The last write has been sent, or the client is gone.
  virtual void on_writable() = 0;
  // No more messages: the client has ended its side, or is gone(). May be called twice.
  virtual void on_end() = 0;
  virtual void on_timer() = 0;
  // The server is draining, or its health has changed.
  virtual void on_notice() = 0;
  // Whether a stop waits (up to its timeout) for this stream.
  virtual bool delays_stop() const { return true; }
};

}  // namespace flashkv
