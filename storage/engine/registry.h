// The engines that --engine can name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/request/status.h"
#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"

namespace flashkv {

// The names --engine accepts, in the order they are listed to a user.
std::vector<std::string> engine_names();

// OK if make_engine() would make one; else INVALID_ARGUMENT, with "engine: ..." or the option's name and the
// allowed values. Makes nothing, so a server can check before it opens anything.
Status check_engine(std::string_view engine, const EngineOptions& options);

// Null, with check_engine()'s status in `why`, for an unknown engine or an option that the engine does not
// have. Throws std::bad_alloc.
std::unique_ptr<AnyEngine> make_engine(std::string_view engine, const EngineOptions& options, Status& why);

}  // namespace flashkv
