#pragma once

// What the event loop needs of the kernel that Swift cannot say: macros, variadic calls, io_uring.

#include <stdint.h>
#include <time.h>

/// Nanoseconds of a clock that only goes forward.
static inline int64_t atoll_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Microseconds since 1970.
static inline int64_t atoll_wall_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/// CPU nanoseconds of this thread.
static inline int64_t atoll_thread_cpu_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
