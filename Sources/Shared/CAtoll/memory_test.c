#define _GNU_SOURCE
#include "atoll_process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_WORDS 512
#define PAGE_SIZE (PAGE_WORDS * sizeof(uint64_t))
#define RESIDENT_PAGES 1024
#define STACK_SIZE ((uintptr_t)256 << 10)

// Static: the crashed thread's stack may be what is broken. The test leaves its own buffers out.
static volatile uint64_t saved[PAGE_WORDS];
static char line[512];

static uint64_t test_page(volatile uint64_t *page) {
    uint64_t errors = 0;
    for (int index = 0; index < PAGE_WORDS; index += 1) { saved[index] = page[index]; }
    for (int index = 0; index < PAGE_WORDS; index += 1) { page[index] = ~saved[index]; }
    for (int index = 0; index < PAGE_WORDS; index += 1) { errors += page[index] != ~saved[index]; }
    for (int index = 0; index < PAGE_WORDS; index += 1) { page[index] = saved[index]; }
    for (int index = 0; index < PAGE_WORDS; index += 1) { errors += page[index] != saved[index]; }
    return errors;
}

static uintptr_t hexadecimal(const char **text) {
    uintptr_t value = 0;
    for (;; *text += 1) {
        char digit = **text;
        if (digit >= '0' && digit <= '9') {
            value = value * 16 + (uintptr_t)(digit - '0');
        } else if (digit >= 'a' && digit <= 'f') {
            value = value * 16 + (uintptr_t)(digit - 'a') + 10;
        } else {
            return value;
        }
    }
}

// Of /proc/self/maps: "start-end rw-p offset device inode path". Memory that belongs to no file and is no stack of the
// first thread.
static bool is_tested(const char *permissions) {
    if (strncmp(permissions, " rw-p ", 6) != 0) { return false; }
    return strchr(permissions, '/') == NULL && strstr(permissions, "[stack") == NULL
        && strstr(permissions, "[v") == NULL;
}

// What the test itself stands on: its buffers, this thread's stack, and what libc and the kernel keep of the thread.
static bool is_own(uintptr_t page) {
    uintptr_t thread = (uintptr_t)__builtin_thread_pointer();
    uintptr_t here = (uintptr_t)&thread;
    uintptr_t ranges[4][2] = {
        {(uintptr_t)saved, (uintptr_t)saved + sizeof saved},
        {(uintptr_t)line, (uintptr_t)line + sizeof line},
        {here - STACK_SIZE, here + STACK_SIZE},
        {thread - PAGE_SIZE, thread + PAGE_SIZE},
    };
    for (int index = 0; index < 4; index += 1) {
        if (ranges[index][0] < page + PAGE_SIZE && ranges[index][1] > page) { return true; }
    }
    return false;
}

// Pages that were never written have no memory, and must not get any.
static uint64_t test_range(uintptr_t start, uintptr_t end) {
    static unsigned char presence[RESIDENT_PAGES];
    uint64_t errors = 0;
    for (uintptr_t page = start, part = 0; page < end; page += PAGE_SIZE, part += 1) {
        if (part % RESIDENT_PAGES == 0) {
            size_t size = end - page < RESIDENT_PAGES * PAGE_SIZE ? end - page : RESIDENT_PAGES * PAGE_SIZE;
            if (mincore((void *)page, size, presence) != 0) { return errors; }
        }
        bool holds_presence = (uintptr_t)presence < page + PAGE_SIZE && (uintptr_t)presence + RESIDENT_PAGES > page;
        if ((presence[part % RESIDENT_PAGES] & 1) == 0 || holds_presence || is_own(page)) { continue; }
        errors += test_page((volatile uint64_t *)page);
    }
    return errors;
}

uint64_t atoll_test_memory(void) {
    int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (maps < 0) { return 0; }
    uint64_t errors = 0;
    size_t length = 0;
    char byte;
    while (read(maps, &byte, 1) == 1) {
        if (byte != '\n') {
            if (length < sizeof line - 1) {
                line[length] = byte;
                length += 1;
            }
            continue;
        }
        line[length] = 0;
        length = 0;
        const char *text = line;
        uintptr_t start = hexadecimal(&text);
        text += 1;
        uintptr_t end = hexadecimal(&text);
        if (is_tested(text)) { errors += test_range(start, end); }
    }
    close(maps);
    return errors;
}
