// The streams of one method on one request thread.
#pragma once

#include <grpcpp/alarm.h>

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "server/front/grpc/request_thread.h"
#include "server/front/grpc/table_service.h"
#include "server/service/server_stream.h"

namespace flashkv {

class StreamCalls;

// Purpose: one stream over gRPC, driving its method's StreamHandler.
// Threads: its request thread.
// Lifetime: deleted by its owner once the handler has finished it and every pending operation has completed.
class StreamCall final : public ServerStream {
 public:
  explicit StreamCall(StreamCalls& owner) : owner_(owner) {}

  // Posts itself to the server for its method's next stream.
  void post();
  void notice();
  bool delays_stop() const { return handler_->delays_stop(); }

  void read() override;
  void write(MessageBytes bytes, bool more) override;
  bool writable() const override { return !writing_ && !gone_; }
  std::size_t bytes_in_flight() const override { return bytes_in_flight_; }
  bool gone() const override { return gone_; }
  void finish(Status status) override;
  void cut(Status status) override;
  void wake_after(Nanos delay) override;
  void count(Code code) override;
  Session& session() override;
  CompletionSink& completions() override;
  Nanos deadline() const override { return deadline_; }
  bool draining() const override;

 private:
  void on_open(bool ok);
  void on_read(bool ok);
  void on_write(bool ok);
  void on_timer(bool ok);
  void on_over(bool ok);
  void on_finish(bool ok);
  void close_when_done();

  StreamCalls& owner_;
  grpc::ServerContext context_;
  RawStream stream_{&context_};
  std::unique_ptr<StreamHandler> handler_;
  Nanos deadline_ = kNever;
  grpc::ByteBuffer received_;
  std::size_t bytes_in_flight_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool timing_ = false;
  bool headers_sent_ = false;
  bool gone_ = false;
  bool over_ = false;  // the call has ended; only operations already started are still to complete
  bool finishing_ = false;
  bool finished_ = false;
  grpc::Alarm timer_;
  MemberEvent<StreamCall, &StreamCall::on_open> open_event_{*this};
  MemberEvent<StreamCall, &StreamCall::on_read> read_event_{*this};
  MemberEvent<StreamCall, &StreamCall::on_write> write_event_{*this};
  MemberEvent<StreamCall, &StreamCall::on_timer> timer_event_{*this};
  MemberEvent<StreamCall, &StreamCall::on_over> over_event_{*this};
  MemberEvent<StreamCall, &StreamCall::on_finish> finish_event_{*this};
};

// Purpose: the streams of one method: kPosted wait for clients, the others are open.
// Threads: its request thread.
class StreamCalls final : public CallGroup {
 public:
  static constexpr int kPosted = 2;

  StreamCalls(RequestThread& thread, TableService& service, MethodId row)
      : thread_(thread), service_(service), row_(row) {}

  void post() override;
  void notice() override;
  // A client has opened it: posts another in its place.
  void opened(StreamCall& stream);
  // Deletes it.
  void closed(StreamCall& stream);

  RequestThread& thread() noexcept { return thread_; }
  TableService& service() noexcept { return service_; }
  MethodId row() const noexcept { return row_; }

 private:
  void post_one();

  RequestThread& thread_;
  TableService& service_;
  const MethodId row_;
  std::unordered_map<StreamCall*, std::unique_ptr<StreamCall>> all_;
  std::unordered_set<StreamCall*> open_;
};

}  // namespace flashkv
