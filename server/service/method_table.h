// The methods kvd serves, listed once for every front.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "server/service/method.h"
#include "server/service/server_stream.h"
#include "server/service/unary_state.h"

namespace flashkv {

// Purpose: one method. A unary row makes the state of a call, a streaming row the handler of a stream; the
//          other pointer is null.
struct MethodRow {
  std::string_view name;        // "/flashkv.v1.KV/Get", null-terminated
  std::string_view counted_as;  // its name in Stats: "Get"
  std::unique_ptr<UnaryState> (*make_unary)();
  std::unique_ptr<StreamHandler> (*make_stream)(ServerStream& stream);
};

// Purpose: all rows; a row's index is its MethodId. To serve another method, write its validation and its
//          service function, and add a row to method_table.cc: every front then serves it.
// Usage:   for (const MethodRow& row : method_table()) offer(row);
// Threads: any. Lifetime: the program's.
// Limits:  fewer than kMaxMethods rows.
std::span<const MethodRow> method_table() noexcept;

// The row counted under this name; kUnserved if there is none.
MethodId method_id(std::string_view counted_as) noexcept;
// The name a method is counted under; "other" for kUnserved.
std::string_view method_name(MethodId id) noexcept;

}  // namespace flashkv
