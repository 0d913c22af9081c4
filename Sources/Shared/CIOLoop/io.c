#define _GNU_SOURCE
#include "atoll_io.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int atoll_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(epoll, operation, descriptor, &event) == 0 ? 0 : errno;
}

struct epoll_event *atoll_epoll_events_take(int count) {
    struct epoll_event *events = calloc((size_t)count, sizeof(struct epoll_event));
    if (events == NULL) { abort(); }
    return events;
}

void atoll_epoll_events_give(struct epoll_event *events) {
    free(events);
}

int atoll_io_accept(int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return descriptor >= 0 ? descriptor : -errno;
}

int atoll_wake_open(void) {
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return descriptor >= 0 ? descriptor : -errno;
}

void atoll_wake_post(int descriptor) {
    uint64_t one = 1;
    // Fails only when the counter is full, and then the loop is going to wake anyway.
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written;
}

void atoll_close(int descriptor) {
    close(descriptor);
}

bool atoll_wake_await(int descriptor, int64_t nanoseconds) {
    struct pollfd wake = {.fd = descriptor, .events = POLLIN};
    struct timespec time = {.tv_sec = 0, .tv_nsec = nanoseconds};
    return ppoll(&wake, 1, &time, NULL) > 0;
}

void atoll_wake_clear(int descriptor) {
    uint64_t count;
    ssize_t taken = read(descriptor, &count, sizeof count);
    (void)taken;
}

// By syscall(2): recv and send are cancellation points (pthreads(7)), which costs a process with threads two locked
// instructions a call. Nobody cancels the loop's thread.
void atoll_pause_precisely(void) { prctl(PR_SET_TIMERSLACK, 1); }

void atoll_pause(int64_t nanoseconds) {
    struct timespec time = {.tv_sec = 0, .tv_nsec = nanoseconds};
    nanosleep(&time, NULL);
}

int64_t atoll_receive(int descriptor, void *target, uint64_t capacity) {
    long count = syscall(SYS_recvfrom, descriptor, target, capacity, 0, NULL, NULL);
    return count >= 0 ? count : -errno;
}

int64_t atoll_send(int descriptor, const void *bytes, uint64_t count) {
    long taken = syscall(SYS_sendto, descriptor, bytes, count, MSG_NOSIGNAL, NULL, 0);
    return taken >= 0 ? taken : -errno;
}
