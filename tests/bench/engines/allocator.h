// The allocator that the program is linked with, the same for all contestants.
#pragma once

namespace flashkv::bench {

const char* allocator_name();
// Free pages go back to the system, so that what is resident is in use.
void give_back_memory();

}  // namespace flashkv::bench
