// Both perfect-hash engines as they are served.
#pragma once

#include <gtest/gtest.h>

#include "storage/engine/perfect_hash/perfect_hash.h"
#include "storage/table/with_overlay.h"
#include "tests/support/engine_fixture.h"

namespace flashkv::test {

using FreeingEngine = WithOverlay<PerfectHashDeletionLock>;
using LeakingEngine = WithOverlay<PerfectHashLeak>;
using PerfectHashEngines = ::testing::Types<FreeingEngine, LeakingEngine>;

}  // namespace flashkv::test
