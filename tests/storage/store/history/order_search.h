// Searches for an order of a key's operations that explains what they saw, whatever revisions they reported.
#pragma once

#include <string>

#include "tests/storage/store/history/recorded_history.h"

namespace flashkv::test {

// Purpose: tells whether the operations on each key are linearizable: there is an order of them in which an
//          operation that had returned before another was called precedes it, and each saw what those before
//          it left. Keys are searched one by one: a history is linearizable only if each object's part of it
//          is (Herlihy and Wing, "Linearizability", 1990). Nothing here looks at revisions, so a store whose
//          revisions and answers are wrong in the same way is found out.
// Algorithm: Wing and Gong, "Testing and verifying concurrent objects" (1993): take any operation that no
//          other one must precede, go on with the rest, and come back if that leads nowhere. Lowe, "Testing
//          for linearizability" (2016): remember each configuration, the set of operations taken and the
//          key's content, so that none is visited twice.
// Cost:    exponential in the number of clients at worst, not in the length of the history.
// Returns "", or the key and the operations that could not be placed; "gave up" at kMostConfigurations.
std::string order_violation(const History& history, int keys);

inline constexpr std::size_t kMostConfigurations = 2'000'000;

}  // namespace flashkv::test
