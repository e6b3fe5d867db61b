// Settings of features that this version does not have.
#pragma once

#include <span>

#include "server/config/settings.h"

namespace flashkv {

// Purpose: their names are known, so that a file written for a later version is understood; the value that
//          means what this version does is taken, any other stops the start ("not available in this
//          version").
std::span<const Setting> later_settings();

}  // namespace flashkv
