// Whether this build checks itself, which slows it down and lets it count records.
#pragma once

namespace flashkv::test {

// Sanitized builds run the same behaviours with fewer rounds and seeds.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace flashkv::test
