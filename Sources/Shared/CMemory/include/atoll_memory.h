#pragma once

// Memory of the engines: mimalloc, and a count of the bytes in use that costs one addition a call.

#include <mimalloc.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes that this thread has taken and not given back; negative on a thread that frees what another one took.
extern _Thread_local int64_t atoll_memory_thread_bytes;

/// Bytes that threads have handed over to the common count (see atoll_memory_publish).
extern _Atomic int64_t atoll_memory_published_bytes;

/// Whether this thread hands blocks over to the thread that took them instead of freeing them.
extern _Thread_local int atoll_memory_hands_over;

/// Has the thread that took the block free it.
void atoll_memory_hand_over(void *memory);

/// Uninitialised memory of at least that many bytes, 8-aligned; never NULL: the process ends when memory is exhausted,
/// as every command would otherwise have to be able to fail half way.
void *atoll_memory_exhausted(size_t count);

static inline void *atoll_memory_take(size_t count) {
    void *memory = mi_malloc(count);
    if (__builtin_expect(memory == NULL, 0)) { return atoll_memory_exhausted(count); }
    atoll_memory_thread_bytes += (int64_t)mi_usable_size(memory);
    return memory;
}

/// The same, aligned to a cache line of 64 bytes.
static inline void *atoll_memory_take_lines(size_t count) {
    void *memory = mi_malloc_aligned(count, 64);
    if (__builtin_expect(memory == NULL, 0)) { return atoll_memory_exhausted(count); }
    atoll_memory_thread_bytes += (int64_t)mi_usable_size(memory);
    return memory;
}

static inline void *atoll_memory_resize(void *memory, size_t count) {
    atoll_memory_thread_bytes -= (int64_t)mi_usable_size(memory);
    void *moved = mi_realloc(memory, count);
    if (__builtin_expect(moved == NULL, 0)) { return atoll_memory_exhausted(count); }
    atoll_memory_thread_bytes += (int64_t)mi_usable_size(moved);
    return moved;
}

static inline void atoll_memory_give(void *memory) {
    if (__builtin_expect(atoll_memory_hands_over, 0)) { return atoll_memory_hand_over(memory); }
    atoll_memory_thread_bytes -= (int64_t)mi_usable_size(memory);
    mi_free(memory);
}

/// The size that the allocator really gave: at least what was asked for.
static inline size_t atoll_memory_size(const void *memory) {
    return mi_usable_size(memory);
}

/// Asks the processor to fetch the line that holds an address, which need not be a valid one.
static inline void atoll_memory_prefetch(const void *memory) {
    __builtin_prefetch(memory);
}

/// Adds this thread's count to the common one. Helper threads call it after each piece of work: what they have handed
/// over is free then.
void atoll_memory_publish(void);

/// Bytes in use, as seen from this thread: its own plus what the others have published.
int64_t atoll_memory_used(void);

/// Bytes in use, by this thread's own count alone.
static inline int64_t atoll_memory_used_by_thread(void) {
    return atoll_memory_thread_bytes;
}

// mimalloc has a thread free its own blocks: those that another thread frees pile up, and come back in one burst when
// that is least wanted. So a helper thread goes through a value, which is what takes time, and hands its blocks over in
// batches; the thread that took them frees them, for half a millisecond a turn.

/// From now on this thread hands over what it gives back. One thread of a process does.
void atoll_memory_begin_handing_over(void);

/// The eventfd that wakes the thread that frees what is handed over; -1: nobody does, and helpers free themselves.
/// Called by that thread.
void atoll_memory_set_collector(int descriptor);

/// Frees what a helper has handed over, for a limited time; if that was not all, the eventfd is written to.
void atoll_memory_collect_if_asked(void);

/// Resident bytes of the process that no file stands behind, for whatever part of it.
size_t atoll_memory_anonymous(void);

/// Gives freed memory back to the kernel.
static inline void atoll_memory_purge(void) {
    mi_collect(1);
}
