#include "atoll_memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// Collected in well under a millisecond and a half.
#define PORTION (1 << 18)

_Thread_local int64_t atoll_memory_thread_bytes;
_Atomic int64_t atoll_memory_published_bytes;
_Thread_local int64_t atoll_memory_pace_at = INT64_MIN;

static _Atomic int collector = -1;
static _Atomic uint32_t asked;
static _Atomic uint32_t collected;

void *atoll_memory_exhausted(size_t count) {
    fprintf(stderr, "atoll: out of memory: %zu bytes could not be had\n", count);
    abort();
}

void atoll_memory_publish(void) {
    atomic_fetch_add_explicit(&atoll_memory_published_bytes, atoll_memory_thread_bytes, memory_order_relaxed);
    atoll_memory_thread_bytes = 0;
    if (atoll_memory_pace_at != INT64_MIN) { atoll_memory_pace_at = -PORTION; }
}

void atoll_memory_begin_pacing(void) { atoll_memory_pace_at = -PORTION; }

void atoll_memory_set_collector(int descriptor) { atomic_store(&collector, descriptor); }

void atoll_memory_pace(void) {
    atoll_memory_pace_at = atoll_memory_thread_bytes - PORTION;
    int descriptor = atomic_load(&collector);
    if (descriptor < 0) { return; }
    uint32_t ticket = atomic_fetch_add(&asked, 1) + 1;
    uint64_t one = 1;
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written;
    // Not for ever: a long command may keep the other thread busy.
    struct timespec pause = {0, 50 * 1000};
    for (int round = 0; round < 1000 && (int32_t)(atomic_load(&collected) - ticket) < 0; round++) {
        nanosleep(&pause, NULL);
    }
}

void atoll_memory_collect_if_asked(void) {
    uint32_t ticket = atomic_load(&asked);
    if (ticket == atomic_load(&collected)) { return; }
    mi_collect(0);
    atomic_store(&collected, ticket);
}

int64_t atoll_memory_used(void) {
    return atoll_memory_thread_bytes + atomic_load_explicit(&atoll_memory_published_bytes, memory_order_relaxed);
}

size_t atoll_memory_anonymous(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) { return 0; }
    size_t total = 0, resident = 0, shared = 0;
    int fields = fscanf(file, "%zu %zu %zu", &total, &resident, &shared);
    fclose(file);
    return fields == 3 && resident > shared ? (resident - shared) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}
