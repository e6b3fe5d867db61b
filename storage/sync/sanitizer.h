// Whether AddressSanitizer watches this build: GCC defines a macro, Clang has a feature.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define FLASHKV_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FLASHKV_ASAN 1
#endif
#endif
