// Makes fsync and fdatasync fail with EIO, as a disk that does not take what it was given. Loaded by LD_PRELOAD.
//
// FAILING_SYNC names a file. While it is there, those calls fail that are for a path with the file's text in it: a path is
// looked at with a "$" behind it, so that "x$" means paths that end with x, and an empty text means all.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(int descriptor) {
    const char *control = getenv("FAILING_SYNC");
    int file = control ? open(control, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    char part[256], link[64], path[4096];
    ssize_t count = read(file, part, sizeof part - 1);
    close(file);
    part[count < 0 ? 0 : count] = 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    count = readlink(link, path, sizeof path - 2);
    if (count < 0) return 0;
    memcpy(path + count, "$", 2);
    return strstr(path, part) != NULL;
}

static int sync_or_fail(long call, int descriptor) {
    if (!fails(descriptor)) return (int)syscall(call, descriptor);
    errno = EIO;
    return -1;
}

int fsync(int descriptor) { return sync_or_fail(SYS_fsync, descriptor); }
int fdatasync(int descriptor) { return sync_or_fail(SYS_fdatasync, descriptor); }
