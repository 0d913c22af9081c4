#pragma once

// The system's allocator under mimalloc's names, so that the address sanitizer sees each piece of memory. Sizes are
// multiples of 8 as with mimalloc: records are changed in place within them.

#include <malloc.h>
#include <stdlib.h>

static inline void *mi_malloc(size_t count) { return malloc((count + 7) & ~(size_t)7); }
static inline void *mi_malloc_aligned(size_t count, size_t alignment) {
    void *memory = NULL;
    return posix_memalign(&memory, alignment, (count + 7) & ~(size_t)7) == 0 ? memory : NULL;
}
static inline void *mi_realloc(void *memory, size_t count) { return realloc(memory, (count + 7) & ~(size_t)7); }
static inline void mi_free(void *memory) { free(memory); }
static inline size_t mi_usable_size(const void *memory) { return malloc_usable_size((void *)memory); }
static inline void mi_collect(int force) { (void)force; }
enum { mi_option_decommit_delay };
static inline long mi_option_get(int option) { return option; }
static inline void mi_option_set(int option, long value) { (void)option, (void)value; }
static inline void mi_process_info(
    size_t *elapsed, size_t *user, size_t *system, size_t *resident, size_t *peak_resident, size_t *committed,
    size_t *peak_committed, size_t *faults) {
    *elapsed = *user = *system = *resident = *peak_resident = *committed = *peak_committed = *faults = 0;
}
