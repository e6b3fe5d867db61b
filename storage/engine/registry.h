// From the names that --engine accepts to engines.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/request/status.h"
#include "storage/table/any_engine.h"
#include "storage/table/engine_options.h"

namespace flashkv {

// Names that --engine accepts, in the order they are listed to a user.
std::vector<std::string> engine_names();

// OK where make_engine() would make one; else INVALID_ARGUMENT, "engine: ..." or the option's name, with the
// allowed values. Makes nothing, so that a server can ask before it opens anything.
Status check_engine(std::string_view engine, const EngineOptions& options);

// Null and `why` (what check_engine() says) for an unknown engine or for an option that the engine does not
// have. Throws std::bad_alloc.
std::unique_ptr<AnyEngine> make_engine(std::string_view engine, const EngineOptions& options, Status& why);

}  // namespace flashkv
