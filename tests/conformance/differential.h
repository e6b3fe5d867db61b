// Differential test: plays bytes as a history of batches to all engines at once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/support/engine_cases.h"

namespace flashkv::test {

// Purpose: differential fuzzing. The first byte of `input` chooses how many bits of the hash are kept; the
//          rest is read as operations on a few dozen keys (put, erase, reserve without use, publish, hold a
//          read section, leave it, read, compare), applied to every engine of `cases` and to a std::map.
// Usage:   play(bytes);   // inside a test, or with GoogleTest told to throw on failure
// Errors:  a GoogleTest failure that names the engine.
// Limits:  the first 4,096 bytes; every input is a valid history.
void play(std::span<const std::uint8_t> input, const std::vector<EngineCase>& cases = engine_cases());

}  // namespace flashkv::test
