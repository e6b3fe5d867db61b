// The machine and the program that a figure belongs to.
#pragma once

#include <nlohmann/json.hpp>

namespace flashkv::bench {

// Processors that this process may use.
unsigned processors();
// Memory of the machine, or of the control group if that is less.
double memory_gib();
// Binds the calling thread to one of those processors, counted from either end.
void pin_to_first();
void pin_to_last(unsigned from_the_end);
// Bytes of this process that are in memory, after the allocator has given back what it can.
double resident_bytes();

nlohmann::ordered_json describe_machine();
nlohmann::ordered_json describe_program();

}  // namespace flashkv::bench
