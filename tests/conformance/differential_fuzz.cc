// The differential test under libFuzzer, which searches for histories that reach new code.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "tests/conformance/differential.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  ::testing::GTEST_FLAG(throw_on_failure) = true;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  flashkv::test::play({data, size});
  return 0;
}
