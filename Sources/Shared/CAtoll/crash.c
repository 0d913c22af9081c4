#include "atoll_process.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char report_path[4096];

// Only async-signal-safe calls, but for backtrace: it allocates on its first use, which is made beforehand.
static void report(int signal_number, siginfo_t *information, void *context) {
    (void)context;
    int descriptor = report_path[0] == 0 ? STDOUT_FILENO : open(report_path, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (descriptor >= 0) {
        char line[256];
        int length = snprintf(
            line, sizeof line, "\n=== REDIS BUG REPORT START ===\n%d: crashed by signal: %d, si_code: %d, address: %p\n"
            "\n------ STACK TRACE ------\n",
            (int)getpid(), signal_number, information->si_code, information->si_addr);
        void *frames[64];
        int count = backtrace(frames, 64);
        if (length > 0 && write(descriptor, line, (size_t)length) >= 0) {
            backtrace_symbols_fd(frames, count, descriptor);
            static const char end[] = "=== REDIS BUG REPORT END ===\n";
            if (write(descriptor, end, sizeof end - 1) < 0) { _exit(1); }
        }
    }
    // The default action ends the process as the signal would have without us, core file included.
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

void atoll_report_crashes(const char *path, bool enabled) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    strncpy(report_path, path, sizeof report_path - 1);
    void *frame;
    backtrace(&frame, 1);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
    action.sa_sigaction = report;
    for (size_t index = 0; index < sizeof signals / sizeof signals[0]; index += 1) {
        if (enabled) {
            sigaction(signals[index], &action, NULL);
        } else {
            signal(signals[index], SIG_DFL);
        }
    }
}
