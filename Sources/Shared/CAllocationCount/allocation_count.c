#define _GNU_SOURCE
#include "atoll_allocation_count.h"

#include <dlfcn.h>
#include <stddef.h>

static _Thread_local struct atoll_allocation_counts counts;

struct atoll_allocation_counts atoll_allocation_counts_of_thread(void) { return counts; }

/// The function of that name in the libraries behind the program. It is looked up by the first call, on whatever thread:
/// each would find the same.
static void *behind(void **known, const char *name) {
    void *function = __atomic_load_n(known, __ATOMIC_RELAXED);
    if (__builtin_expect(function == NULL, 0)) {
        function = dlsym(RTLD_NEXT, name);
        __atomic_store_n(known, function, __ATOMIC_RELAXED);
    }
    return function;
}

#define STAND_BETWEEN(kind, name, parameters, arguments)                                                              \
    __attribute__((visibility("default"))) void *name parameters {                                                    \
        static void *known;                                                                                           \
        counts.kind++;                                                                                                \
        return ((void *(*) parameters)behind(&known, #name))arguments;                                                \
    }

STAND_BETWEEN(heap, malloc, (size_t count), (count))
STAND_BETWEEN(heap, calloc, (size_t count, size_t size), (count, size))
STAND_BETWEEN(heap, realloc, (void *memory, size_t count), (memory, count))
STAND_BETWEEN(heap, aligned_alloc, (size_t alignment, size_t count), (alignment, count))

__attribute__((visibility("default"))) int posix_memalign(void **target, size_t alignment, size_t count) {
    static void *known;
    counts.heap++;
    return ((int (*)(void **, size_t, size_t))behind(&known, "posix_memalign"))(target, alignment, count);
}

STAND_BETWEEN(engine, mi_malloc, (size_t count), (count))
STAND_BETWEEN(engine, mi_malloc_aligned, (size_t count, size_t alignment), (count, alignment))
STAND_BETWEEN(engine, mi_realloc, (void *memory, size_t count), (memory, count))
