#define _GNU_SOURCE
#include "atoll_process.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int atoll_thread_processors(int *processors, int capacity) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) { return 0; }
    int count = 0;
    for (int processor = 0; processor < CPU_SETSIZE && count < capacity; processor += 1) {
        if (CPU_ISSET(processor, &set)) {
            processors[count] = processor;
            count += 1;
        }
    }
    return count;
}

int atoll_set_thread_processors(const int *processors, int count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int index = 0; index < count; index += 1) {
        if (processors[index] < 0 || processors[index] >= CPU_SETSIZE) {
            errno = EINVAL;
            return -1;
        }
        CPU_SET(processors[index], &set);
    }
    return sched_setaffinity(0, sizeof set, &set);
}

int atoll_disable_huge_pages(void) {
    return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

int atoll_notify(const char *socket_path, const char *message) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(socket_path);
    if (length < 2 || length >= sizeof address.sun_path) {
        errno = EINVAL;
        return -1;
    }
    memcpy(address.sun_path, socket_path, length);
    if (socket_path[0] == '@') { address.sun_path[0] = 0; }
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) { return -1; }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent = sendto(
        descriptor, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    int code = errno;
    close(descriptor);
    errno = code;
    return sent < 0 ? -1 : 0;
}
