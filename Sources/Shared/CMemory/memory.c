#include "atoll_memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

_Thread_local int64_t atoll_memory_thread_bytes;
_Atomic int64_t atoll_memory_published_bytes;

void *atoll_memory_exhausted(size_t count) {
    fprintf(stderr, "atoll: out of memory: %zu bytes could not be had\n", count);
    abort();
}

void atoll_memory_publish(void) {
    atomic_fetch_add_explicit(&atoll_memory_published_bytes, atoll_memory_thread_bytes, memory_order_relaxed);
    atoll_memory_thread_bytes = 0;
}

int64_t atoll_memory_used(void) {
    return atoll_memory_thread_bytes + atomic_load_explicit(&atoll_memory_published_bytes, memory_order_relaxed);
}

size_t atoll_memory_committed(void) {
    size_t elapsed, user, system, resident, peak_resident, committed, peak_committed, faults;
    mi_process_info(&elapsed, &user, &system, &resident, &peak_resident, &committed, &peak_committed, &faults);
    return committed;
}
