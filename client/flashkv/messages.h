// Converts the library's types to messages and back. Not installed.
#pragma once

#include "client/flashkv/txn.h"
#include "client/flashkv/types.h"
#include "flashkv/v1/kv.pb.h"

namespace flashkv::client {

v1::Ack to_wire(Ack ack) noexcept;
KeyValue from_wire(v1::KeyValue&& kv);

// Each fills a new message; the ack of the options is left out of operations.
void fill(const GetOp& from, v1::GetRequest& to);
void fill(const ScanOptions& from, v1::ScanRequest& to);
void fill(const PutOptions& from, v1::PutRequest& to);
void fill(const PutOp& from, v1::PutRequest& to);
void fill(const DeleteOp& from, v1::DeleteRequest& to);
void fill(const ExpireOp& from, v1::ExpireRequest& to);
void fill(const IncrementOp& from, v1::IncrementRequest& to);
void fill(const AppendOp& from, v1::AppendRequest& to);
void fill(const Txn& from, v1::TxnRequest& to);

// A request with the selectors prefix, start and end.
template <typename Request>
void fill(const KeyRange& from, Request& to) {
  to.set_prefix(from.prefix);
  to.set_start(from.start);
  to.set_end(from.end);
}

// All of a result but its revision.
GetResult result_of(v1::GetResponse&& reply);
MultiGetResult result_of(v1::MultiGetResponse&& reply);
PutResult result_of(v1::PutResponse&& reply);
DeleteResult result_of(v1::DeleteResponse&& reply);
ExpireResult result_of(v1::ExpireResponse&& reply);
IncrementResult result_of(v1::IncrementResponse&& reply);
AppendResult result_of(v1::AppendResponse&& reply);
TxnResult result_of(v1::TxnResponse&& reply);

}  // namespace flashkv::client
