// A stream between a method and whatever carries it.
#pragma once

#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "server/service/session.h"
#include "storage/request/request.h"

namespace flashkv {

// Purpose: the bytes of one message, owned, in one piece, so that a front can send them without a copy.
class MessageBytes {
 public:
  explicit MessageBytes(const google::protobuf::MessageLite& message)
      : size_(message.ByteSizeLong()), data_(new std::uint8_t[size_]) {
    message.SerializeWithCachedSizesToArray(data_.get());
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

// Purpose: the transport's side of one stream. A front implements it, a StreamHandler calls it.
// Usage:   stream.read();                       // one message, later: handler.on_message() or on_end()
//          if (stream.writable()) stream.write(MessageBytes(reply), false);   // later: on_writable()
//          stream.finish(status);               // the last call
// Threads: the session's. No call runs a handler before it returns.
// Limits:  flow control. A message that read() has not asked for stays with the client; one write is under
//          way at a time, and a client that does not read keeps writable() false.
// Lifetime: lives until finish() was called and everything under way has come back; the handler as long.
class ServerStream {
 public:
  // Asks for one message; not again before it has come, nor after on_end().
  virtual void read() = 0;
  // Only while writable(). `more`: another write follows at once, so that both may travel together.
  virtual void write(MessageBytes bytes, bool more) = 0;
  // False while a write is under way, and for ever once the client is gone.
  virtual bool writable() const = 0;
  // Bytes handed to write() that have not left.
  virtual std::size_t bytes_in_flight() const = 0;
  // The client is gone: nothing more can be written; finish() is still due.
  virtual bool gone() const = 0;
  // Ends the stream; no write may be under way.
  virtual void finish(Status status) = 0;
  // on_timer(), once, after this time; one at a time.
  virtual void wake_after(Nanos delay) = 0;
  // Adds one to this method's requests with this code.
  virtual void count(Code code) = 0;

  virtual Session& session() = 0;
  // Where the writer gives back what this stream submits; it resumes on the session's thread.
  virtual CompletionSink& completions() = 0;
  virtual Nanos deadline() const = 0;
  virtual bool draining() const = 0;

 protected:
  ~ServerStream() = default;
};

// Purpose: a streaming method's side of one stream: what to do when something has happened.
// Threads: the session's.
// Lifetime: made when the client opens the stream; deleted by the front after finish(). It must not finish
//          while the writer has one of its calls.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_open() = 0;
  virtual void on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) = 0;
  // The last write has left, or the client is gone.
  virtual void on_writable() = 0;
  // No message will come: the client has ended its side, or is gone(). May come twice.
  virtual void on_end() = 0;
  virtual void on_timer() = 0;
  // The server drains, or its health has changed.
  virtual void on_notice() = 0;
  // Whether a stop waits for this stream, within its patience.
  virtual bool delays_stop() const { return true; }
};

}  // namespace flashkv
