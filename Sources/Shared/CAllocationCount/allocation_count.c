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

// What looking a function up takes, and what malloc takes by mimalloc's names where it is mimalloc's, are not counted.
#define STAND_BETWEEN(kind, name, parameters, arguments)                                                              \
    __attribute__((visibility("default"))) void *name parameters {                                                    \
        static void *known;                                                                                           \
        struct atoll_allocation_counts before = counts;                                                               \
        void *memory = ((void *(*) parameters)behind(&known, #name))arguments;                                        \
        counts = before;                                                                                              \
        counts.kind++;                                                                                                \
        return memory;                                                                                                \
    }

STAND_BETWEEN(heap, malloc, (size_t count), (count))
STAND_BETWEEN(heap, calloc, (size_t count, size_t size), (count, size))
STAND_BETWEEN(heap, realloc, (void *block, size_t count), (block, count))
STAND_BETWEEN(heap, aligned_alloc, (size_t alignment, size_t count), (alignment, count))

__attribute__((visibility("default"))) int posix_memalign(void **target, size_t alignment, size_t count) {
    static void *known;
    struct atoll_allocation_counts before = counts;
    int code = ((int (*)(void **, size_t, size_t))behind(&known, "posix_memalign"))(target, alignment, count);
    counts = before;
    counts.heap++;
    return code;
}

STAND_BETWEEN(engine, mi_malloc, (size_t count), (count))
STAND_BETWEEN(engine, mi_malloc_aligned, (size_t count, size_t alignment), (count, alignment))
STAND_BETWEEN(engine, mi_realloc, (void *block, size_t count), (block, count))
