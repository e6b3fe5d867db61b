// Checks a history against the order of its revisions.
#pragma once

#include <string>

#include "tests/storage/store/history/recorded_history.h"

namespace flashkv::test {

// Returns the first violation as one line, or "".
//   - The writes have the revisions 1 to N, each one of them.
//   - Each operation saw what its keys held at the revision it reported; a write, at the revision before. So
//     all keys of an operation are seen, and written, at one revision.
//   - Real time: an operation called after another had returned does not have a smaller revision, and a write
//     has a larger one. The other must have been acknowledged as published; if only as applied, it still
//     precedes later writes, and the reads that ask for its revision.
//   - A read with at_least_revision reports that revision or a later one.
std::string revision_violation(const History& history, int keys);

}  // namespace flashkv::test
