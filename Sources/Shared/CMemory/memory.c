#include "atoll_memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    batch_count_max = 4096,
    // The longest time for which a turn frees, but for what a few blocks take.
    turn_nanoseconds = 500 * 1000,
    // How many blocks are freed between looks at the clock.
    portion_count = 16,
    // A block this large is emptied before it is handed over, so that freeing it is little work.
    emptied_byte_count = 128 << 10,
};

// Above this size mimalloc frees a block on whatever thread (MI_LARGE_OBJ_SIZE_MAX).
#define ANY_THREAD_BYTE_COUNT (16 << 20)

_Thread_local int64_t atoll_memory_thread_bytes;
_Atomic int64_t atoll_memory_published_bytes;
_Thread_local int atoll_memory_hands_over;

static _Atomic int collector = -1;

/// Blocks on their way: the helper fills one batch while the other is freed.
static struct batch {
    uint32_t count;
    void *blocks[batch_count_max];
} batches[2];
/// Batches that were ever handed over, and that were ever freed.
static _Atomic uint32_t filled;
static _Atomic uint32_t freed;
/// Of the batch being freed; the collector's.
static uint32_t position;
/// Of the batch being filled; the helper's.
static uint32_t pending;

void *atoll_memory_exhausted(size_t count) {
    fprintf(stderr, "atoll: out of memory: %zu bytes could not be had\n", count);
    abort();
}

static void wake_collector(void) {
    uint64_t one = 1;
    ssize_t written = write(atomic_load(&collector), &one, sizeof one);
    (void)written;
}

/// Waits until no more than that many batches are on their way.
static void await_batches(uint32_t count) {
    struct timespec pause = {0, 50 * 1000};
    while (atomic_load(&filled) - atomic_load(&freed) > count) { nanosleep(&pause, NULL); }
}

static void hand_batch_over(void) {
    if (pending == 0) { return; }
    if (atomic_load(&collector) < 0) {
        while (pending > 0) {
            void *memory = batches[atomic_load(&filled) & 1].blocks[--pending];
            atoll_memory_thread_bytes -= (int64_t)mi_usable_size(memory);
            mi_free(memory);
        }
        return;
    }
    batches[atomic_load(&filled) & 1].count = pending;
    pending = 0;
    atomic_fetch_add(&filled, 1);
    wake_collector();
}

void atoll_memory_hand_over(void *memory) {
    size_t size = mi_usable_size(memory);
    if (size > ANY_THREAD_BYTE_COUNT || atomic_load_explicit(&collector, memory_order_relaxed) < 0) {
        atoll_memory_thread_bytes -= (int64_t)size;
        mi_free(memory);
        return;
    }
    if (size >= emptied_byte_count) {
        uintptr_t start = ((uintptr_t)memory + 4095) & ~(uintptr_t)4095;
        uintptr_t end = ((uintptr_t)memory + size) & ~(uintptr_t)4095;
        madvise((void *)start, end - start, MADV_DONTNEED);
    }
    if (pending == 0) { await_batches(1); }
    batches[atomic_load(&filled) & 1].blocks[pending++] = memory;
    if (pending == batch_count_max) { hand_batch_over(); }
}

void atoll_memory_begin_handing_over(void) {
    static atomic_flag is_taken = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&is_taken)) { atoll_memory_hands_over = 1; }
}

void atoll_memory_publish(void) {
    if (atoll_memory_hands_over) {
        hand_batch_over();
        await_batches(0);
    }
    atomic_fetch_add_explicit(&atoll_memory_published_bytes, atoll_memory_thread_bytes, memory_order_relaxed);
    atoll_memory_thread_bytes = 0;
}

static int64_t monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void give_portion(struct batch *batch) {
    uint32_t end = batch->count - position > portion_count ? position + portion_count : batch->count;
    for (uint32_t index = position; index < end; index++) {
        if (index + portion_count < batch->count) { __builtin_prefetch(batch->blocks[index + portion_count], 1); }
        atoll_memory_give(batch->blocks[index]);
    }
    position = end;
}

/// Frees what is on its way until that time; whether that was all.
static int give_until(int64_t deadline) {
    while (atomic_load(&filled) != atomic_load(&freed)) {
        struct batch *batch = &batches[atomic_load(&freed) & 1];
        while (position < batch->count) {
            give_portion(batch);
            if (monotonic_nanoseconds() >= deadline) { return 0; }
        }
        position = 0;
        atomic_fetch_add(&freed, 1);
    }
    return 1;
}

void atoll_memory_collect_if_asked(void) {
    if (__builtin_expect(atomic_load_explicit(&filled, memory_order_relaxed) ==
                             atomic_load_explicit(&freed, memory_order_relaxed), 1)) {
        return;
    }
    // Pages that become free go back to the kernel one by one: later they would go by the hundred at a time.
    long delay = mi_option_get(mi_option_decommit_delay);
    mi_option_set(mi_option_decommit_delay, 0);
    int is_all = give_until(monotonic_nanoseconds() + turn_nanoseconds);
    mi_option_set(mi_option_decommit_delay, delay);
    if (!is_all) { wake_collector(); }
}

void atoll_memory_set_collector(int descriptor) {
    if (descriptor < 0) { give_until(INT64_MAX); }
    atomic_store(&collector, descriptor);
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
