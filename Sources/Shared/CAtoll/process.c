#define _GNU_SOURCE
#include "atoll_process.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

/// Reads /proc/PID/stat and returns what follows the name (which may hold spaces and brackets), or NULL.
static const char *stat_after_name(pid_t pid, char *buffer, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return NULL;
    ssize_t count = read(descriptor, buffer, size - 1);
    close(descriptor);
    if (count <= 0) return NULL;
    buffer[count] = 0;
    const char *bracket = strrchr(buffer, ')');
    return bracket && bracket[1] == ' ' ? bracket + 2 : NULL;
}

uint64_t atoll_process_start_ticks(pid_t pid) {
    char buffer[1024];
    const char *field = stat_after_name(pid, buffer, sizeof buffer);
    // The first field after the name is number 3 (state); number 22 is 19 spaces further.
    for (int skipped = 0; field && skipped < 19; skipped++) {
        field = strchr(field, ' ');
        if (field) field++;
    }
    return field ? strtoull(field, NULL, 10) : 0;
}

bool atoll_process_is_zombie(pid_t pid) {
    char buffer[1024];
    const char *field = stat_after_name(pid, buffer, sizeof buffer);
    return field && (*field == 'Z' || *field == 'X');
}

int atoll_peer_user_id(int descriptor, uid_t *user_id) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
    *user_id = credentials.uid;
    return 0;
}

int atoll_peer_process_id(int descriptor, pid_t *process_id) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
    *process_id = credentials.pid;
    return 0;
}

int atoll_lock_file(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &lock);
}

int atoll_file_is_locked(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_OFD_GETLK, &lock) != 0) return -1;
    return lock.l_type != F_UNLCK;
}

int atoll_pipe(int *descriptors) {
    return pipe2(descriptors, O_CLOEXEC);
}

int atoll_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

void atoll_trim_heap(void) {
    malloc_trim(0);
}

int atoll_memory_file(const char *name, const void *bytes, size_t count) {
    int descriptor = memfd_create(name, MFD_CLOEXEC);
    if (descriptor < 0) return -1;
    size_t written = 0;
    while (written < count) {
        ssize_t step = write(descriptor, (const char *)bytes + written, count - written);
        if (step < 0 && errno == EINTR) continue;
        if (step < 0) {
            int error_number = errno;
            close(descriptor);
            errno = error_number;
            return -1;
        }
        written += (size_t)step;
    }
    lseek(descriptor, 0, SEEK_SET);
    return descriptor;
}

int atoll_signal_descriptor(const int *signals, size_t count) {
    sigset_t all, watched;
    sigfillset(&all);
    // A fault must end the program, not wait for ever.
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t index = 0; index < sizeof faults / sizeof faults[0]; index++) sigdelset(&all, faults[index]);
    sigemptyset(&watched);
    for (size_t index = 0; index < count; index++) sigaddset(&watched, signals[index]);
    if (sigprocmask(SIG_SETMASK, &all, NULL) != 0) return -1;
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

int atoll_read_signal(int descriptor) {
    struct signalfd_siginfo information;
    ssize_t count = read(descriptor, &information, sizeof information);
    return count == sizeof information ? (int)information.ssi_signo : 0;
}

int atoll_wait_child(pid_t pid, bool keep, int *exit_code, int *signal_number) {
    *exit_code = -1;
    *signal_number = -1;
    siginfo_t information;
    int outcome;
    do {
        memset(&information, 0, sizeof information);
        outcome = waitid(P_PID, (id_t)pid, &information, WEXITED | WNOHANG | (keep ? WNOWAIT : 0));
    } while (outcome != 0 && errno == EINTR);
    if (outcome != 0) return -1;
    if (information.si_pid != pid) return 0;
    if (information.si_code == CLD_EXITED) {
        *exit_code = information.si_status;
    } else {
        *signal_number = information.si_status;
    }
    return 1;
}
