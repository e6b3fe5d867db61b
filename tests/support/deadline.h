// A test that hangs fails, with its name.
#pragma once

#include <chrono>

namespace flashkv::test {

// Sanitized builds get four times as long, here and wherever a test asks for a time of its own.
inline constexpr std::chrono::seconds kTestLimit{120};

// Purpose: bounds every test of every program, its fixture included, at kTestLimit: far more than any of
//          them takes. A thread that waits for what never comes can be neither joined nor destroyed, so the
//          program ends, with status 1.
// Usage:   linked into each flashkv_test. A test that takes long, or that knows it should be over soon:
//          finish_within(std::chrono::seconds(240));   // in the fixture's constructor, or the first line
// Threads: the test's.
void finish_within(std::chrono::milliseconds limit);

}  // namespace flashkv::test
