#include "atoll_process.h"

#include <fcntl.h>
#include <unistd.h>

int atoll_daemonize(void) {
    pid_t pid = fork();
    if (pid < 0) { return -1; }
    if (pid > 0) { _exit(0); }
    setsid();
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (null > STDERR_FILENO) { close(null); }
    }
    return 0;
}
