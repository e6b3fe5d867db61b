// A line of kvctl top's screen.
#pragma once

#include <string>

namespace flashkv::kvctl {

struct TopLine {
  enum class Look { kPlain, kTitle, kHeading, kTrouble };
  std::string text;
  Look look = Look::kPlain;
};

}  // namespace flashkv::kvctl
