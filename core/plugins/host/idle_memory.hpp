// What a host that rests gives back. Unpacking an image touches megabytes of heap, of libraries and
// of the plugin's own code, and then the host waits, perhaps for days.
#pragma once

namespace bulkhead::plugins {

// The heap's free pages go back to the kernel, and the pages of code and constants leave this
// process's resident set: nobody ever wrote to them, so they are read from the page cache again
// when they are needed. Costs some faults at the next call. [any-thread]
void give_back_memory();

}  // namespace bulkhead::plugins
