#pragma once

// The cheapest clock there is, for the duration of single commands.

#include <stdint.h>
#include <time.h>

/// Ticks of the processor's time stamp counter; nanoseconds where there is none.
static inline uint64_t atoll_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

/// How many ticks make a microsecond: measured over a millisecond.
static inline double atoll_measure_ticks_per_microsecond(void) {
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    uint64_t ticks = atoll_ticks();
    int64_t elapsed = 0;
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
        elapsed = (now.tv_sec - begin.tv_sec) * 1000000000 + (now.tv_nsec - begin.tv_nsec);
    } while (elapsed < 1000000);
    return (double)(atoll_ticks() - ticks) * 1000.0 / (double)elapsed;
}
