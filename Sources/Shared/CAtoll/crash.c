// Reports of what went wrong in the process itself: crashes, and turns that take too long.

#define _GNU_SOURCE
#include "atoll_process.h"

#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FRAMES_MAX 64

static char report_path[4096];
static bool memory_is_tested;
static bool exits_on_panic;

static int open_report(void) {
    return report_path[0] == 0 ? dup(STDOUT_FILENO) : open(report_path, O_WRONLY | O_APPEND | O_CREAT, 0644);
}

static void say(int descriptor, const char *text) {
    if (write(descriptor, text, strlen(text)) < 0) { _exit(1); }
}

// Only async-signal-safe calls, but for backtrace: it allocates on its first use, which is made beforehand.
static void say_stack(int descriptor) {
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    backtrace_symbols_fd(frames, count, descriptor);
}

static void stand_still(int signal_number) {
    (void)signal_number;
    for (;;) { pause(); }
}

// What getdents64 returns: glibc's readdir allocates.
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

// The memory test must be the only one to write: all other threads wait in a signal handler for the end.
static void stop_other_threads(void) {
    signal(SIGUSR2, stand_still);
    int directory = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
    if (directory < 0) { return; }
    pid_t own = (pid_t)syscall(SYS_gettid);
    _Alignas(struct entry) char buffer[4096];
    long size;
    while ((size = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
        for (long offset = 0; offset < size;) {
            const struct entry *entry = (const struct entry *)(buffer + offset);
            pid_t thread = (pid_t)atoi(entry->name);
            if (thread > 0 && thread != own) { syscall(SYS_tgkill, getpid(), thread, SIGUSR2); }
            offset += entry->length;
        }
    }
    close(directory);
    struct timespec moment = {.tv_nsec = 50 * 1000 * 1000};
    nanosleep(&moment, NULL);
}

static void test_memory(int descriptor) {
    say(descriptor, "\n------ FAST MEMORY TEST ------\n");
    stop_other_threads();
    uint64_t errors = atoll_test_memory();
    if (errors == 0) {
        say(descriptor, "Fast memory test PASSED, however your memory can still be broken.\n");
        return;
    }
    char line[128];
    snprintf(line, sizeof line, "!!! MEMORY ERROR DETECTED in %" PRIu64 " words. Check your memory ASAP !!!\n", errors);
    say(descriptor, line);
}

static void report(int signal_number, siginfo_t *information, void *context) {
    (void)context;
    int descriptor = open_report();
    if (descriptor >= 0) {
        char line[256];
        snprintf(
            line, sizeof line,
            "\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n%d: crashed by signal: %d, "
            "si_code: %d, address: %p\n\n------ STACK TRACE ------\n",
            (int)getpid(), signal_number, information->si_code, information->si_addr);
        say(descriptor, line);
        say_stack(descriptor);
        if (memory_is_tested) { test_memory(descriptor); }
        say(descriptor, "\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n");
        close(descriptor);
    }
    bool is_panic = signal_number == SIGABRT || signal_number == SIGILL || signal_number == SIGTRAP;
    if (is_panic && exits_on_panic) { _exit(1); }
    // The default action ends the process as the signal would have without us, core file included.
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

void atoll_report_crashes(const char *path, bool enabled, bool tests_memory) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    strncpy(report_path, path, sizeof report_path - 1);
    memory_is_tested = tests_memory;
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

void atoll_exit_on_panic(bool enabled) {
    exits_on_panic = enabled;
}

static void report_slow_turn(int signal_number) {
    (void)signal_number;
    int descriptor = open_report();
    if (descriptor < 0) { return; }
    say(descriptor, "\n--- WATCHDOG TIMER EXPIRED ---\n");
    say_stack(descriptor);
    say(descriptor, "--------\n");
    close(descriptor);
}

void atoll_watch_thread(int milliseconds) {
    static timer_t timer;
    static bool exists;
    if (!exists) {
        if (milliseconds == 0) { return; }
        struct sigaction action;
        memset(&action, 0, sizeof action);
        sigemptyset(&action.sa_mask);
        action.sa_flags = SA_RESTART;
        action.sa_handler = report_slow_turn;
        sigaction(SIGALRM, &action, NULL);
        struct sigevent event;
        memset(&event, 0, sizeof event);
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = SIGALRM;
        event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) { return; }
        exists = true;
        // A mask is inherited, and who started the process may block it.
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGALRM);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
    struct itimerspec time = {
        .it_value = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000}};
    timer_settime(timer, 0, &time, NULL);
}
