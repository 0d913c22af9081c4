#pragma once

// Counts allocations, for tests: linked into a test program, it stands between its callers and the allocator.

#include <stdint.h>

/// How many blocks a thread has taken or resized.
struct atoll_allocation_counts {
    /// By malloc and its kin: objects, closures and arrays of Swift, and the C library's own.
    int64_t heap;
    /// By mimalloc's names: the engines' memory (CMemory).
    int64_t engine;
};

/// The calling thread's counts since it began.
struct atoll_allocation_counts atoll_allocation_counts_of_thread(void);
