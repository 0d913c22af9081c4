#define _GNU_SOURCE
#include "atoll_watch.h"

#include <stddef.h>
#include <sys/epoll.h>

#define EVENTS_MAX 64

int atoll_watch_make(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

int atoll_watch_add(int watch, int descriptor, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return epoll_ctl(watch, EPOLL_CTL_ADD, descriptor, &event);
}

int atoll_watch_remove(int watch, int descriptor) {
    return epoll_ctl(watch, EPOLL_CTL_DEL, descriptor, NULL);
}

int atoll_watch_wait(int watch, uint64_t *tokens, int capacity) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(watch, events, capacity < EVENTS_MAX ? capacity : EVENTS_MAX, -1);
    for (int index = 0; index < count; index++) tokens[index] = events[index].data.u64;
    return count > 0 ? count : 0;
}
