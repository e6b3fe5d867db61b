// Which requests are INVALID_ARGUMENT: the contract's list, taken literally.
#pragma once

#include <string>
#include <utility>

#include "flashkv/v1/kv.pb.h"

namespace flashkv::test {

bool is_invalid(const v1::GetRequest& r);
bool is_invalid(const v1::MultiGetRequest& r);
bool is_invalid(const v1::PutRequest& r);
bool is_invalid(const v1::DeleteRequest& r);
bool is_invalid(const v1::ExpireRequest& r);
bool is_invalid(const v1::IncrementRequest& r);
bool is_invalid(const v1::AppendRequest& r);
bool is_invalid(const v1::TxnRequest& r);
bool is_invalid(const v1::ScanRequest& r);

// The keys that begin with it, as a range; an empty end is above all keys.
std::pair<std::string, std::string> keys_of_prefix(const std::string& prefix);

}  // namespace flashkv::test
