#pragma once

// What the event loop needs of the kernel that Swift cannot say: macros, variadic calls, io_uring.

#include "atoll_ticks.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

#include "atoll_ring.h"

/// Watches a descriptor, changes what it is watched for, or forgets it; 0 or an errno.
int atoll_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data);

/// The mark that was given for the descriptor of the event. The structure is packed, which Swift cannot load from.
static inline uint64_t atoll_epoll_data(const struct epoll_event *events, int index) {
    return events[index].data.u64;
}

/// What happened at the descriptor of the event.
static inline uint32_t atoll_epoll_flags(const struct epoll_event *events, int index) {
    return events[index].events;
}

/// Room for that many events.
struct epoll_event *atoll_epoll_events_take(int count);
void atoll_epoll_events_give(struct epoll_event *events);

/// EPOLLET as an unsigned number; the header's is an enumeration that Swift makes negative.
#define ATOLL_EPOLL_EDGE 0x80000000u

/// Takes a waiting connection as a non-blocking descriptor that children do not inherit; the descriptor, or an errno
/// with its sign turned.
int atoll_io_accept(int listener);

/// A non-blocking counter that wakes who waits for it: eventfd.
int atoll_wake_open(void);
void atoll_wake_post(int descriptor);
void atoll_close(int descriptor);
void atoll_wake_clear(int descriptor);
/// Sleeps until somebody posts, for less than a second at most; whether somebody did.
bool atoll_wake_await(int descriptor, int64_t nanoseconds);

/// Bytes read, or an errno with its sign turned.
int64_t atoll_receive(int descriptor, void *target, uint64_t capacity);
/// Bytes taken by the kernel, or an errno with its sign turned. Never raises SIGPIPE.
int64_t atoll_send(int descriptor, const void *bytes, uint64_t count);

/// Has this thread's pauses last no longer than asked for: by default the kernel adds up to 50 microseconds.
void atoll_pause_precisely(void);
/// Sleeps for that long, less than a second; a signal ends it early.
void atoll_pause(int64_t nanoseconds);

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
