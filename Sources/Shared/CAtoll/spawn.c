/* Starts a program: fork by glibc, everything between fork and exec, and errors back to the parent by step. */
#define _GNU_SOURCE
#include "atoll_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Landlock, by number: Debian 12's headers stop at ABI 2. <https://docs.kernel.org/userspace-api/landlock.html>
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_VERSION_FLAG 1u
#define LANDLOCK_PATH_BENEATH 1
#define ACCESS_EXECUTE (1ull << 0)
#define ACCESS_WRITE_FILE (1ull << 1)
#define ACCESS_READ_FILE (1ull << 2)
#define ACCESS_READ_DIRECTORY (1ull << 3)
#define ACCESS_TRUNCATE (1ull << 14)
#define ACCESS_DEVICE_CONTROL (1ull << 15)
#define ACCESS_ON_FILES \
    (ACCESS_EXECUTE | ACCESS_WRITE_FILE | ACCESS_READ_FILE | ACCESS_TRUNCATE | ACCESS_DEVICE_CONTROL)

struct path_beneath {
    uint64_t allowed_access;
    int32_t parent;
} __attribute__((packed));

/// What the child tells the parent: once before exec (step NONE), and again only if something failed.
struct report {
    int32_t step;
    int32_t error_number;
    int32_t pid;
    int32_t landlock_abi;
};

/// LISTEN_PID is known only in the child, so the parent leaves room and the child writes digits into its own copy.
#define LISTEN_PID_PREFIX "LISTEN_PID="
struct listen_environment {
    char process[sizeof LISTEN_PID_PREFIX + 12];
    char count[32];
};

int atoll_landlock_abi(void) {
    long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_VERSION_FLAG);
    return version > 0 ? (int)version : 0;
}

const char *atoll_spawn_step_name(int step) {
    switch ((enum atoll_spawn_step)step) {
        case ATOLL_SPAWN_STEP_NONE: return "start";
        case ATOLL_SPAWN_STEP_ARGUMENTS: return "take these arguments";
        case ATOLL_SPAWN_STEP_PIPE: return "make a pipe";
        case ATOLL_SPAWN_STEP_FORK: return "fork";
        case ATOLL_SPAWN_STEP_SESSION: return "make a session";
        case ATOLL_SPAWN_STEP_DESCRIPTORS: return "arrange its descriptors";
        case ATOLL_SPAWN_STEP_LANDLOCK_RULES: return "prepare its Landlock rules";
        case ATOLL_SPAWN_STEP_GROUPS: return "drop its supplementary groups";
        case ATOLL_SPAWN_STEP_GROUP: return "change its group";
        case ATOLL_SPAWN_STEP_USER: return "change its user";
        case ATOLL_SPAWN_STEP_NO_NEW_PRIVILEGES: return "set no_new_privs";
        case ATOLL_SPAWN_STEP_LANDLOCK: return "apply its Landlock rules";
        case ATOLL_SPAWN_STEP_PARENT_DEATH_SIGNAL: return "set its parent death signal";
        case ATOLL_SPAWN_STEP_WORKING_DIRECTORY: return "enter its working directory";
        case ATOLL_SPAWN_STEP_EXECUTE: return "execute it";
    }
    return "do an unknown step";
}

// ---- In the child: async-signal-safe calls only, raw system calls where glibc would talk to other threads. ----

static void send_report(int descriptor, int step, int error_number, int landlock_abi) {
    struct report report = {step, error_number, (int32_t)syscall(SYS_getpid), landlock_abi};
    while (write(descriptor, &report, sizeof report) < 0 && errno == EINTR) {
    }
}

static _Noreturn void fail(int descriptor, int step) {
    send_report(descriptor, step, errno, 0);
    _exit(127);
}

/// Bytes of the kernel's signal set, and a buffer larger than its struct sigaction on every architecture.
#define KERNEL_SIGNAL_SET_BYTES 8
#define KERNEL_ACTION_BYTES 64

/// Raw system calls: glibc keeps signals 32 and 33 to itself, but they are inherited ignored all the same.
static void reset_signal_actions(void) {
    // All zero is SIG_DFL, without flags and with an empty mask.
    const char action[KERNEL_ACTION_BYTES] = {0};
    for (int number = 1; number <= 64; number++) {
        syscall(SYS_rt_sigaction, number, action, NULL, KERNEL_SIGNAL_SET_BYTES);
    }
}

static void unblock_signals(void) {
    const uint64_t none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, KERNEL_SIGNAL_SET_BYTES);
}

/// Writes decimal digits and the closing zero.
static void write_decimal(char *target, unsigned value) {
    char digits[12];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0) *target++ = digits[--count];
    *target = 0;
}

/// Closes everything from first up, at exec. Landlock's and the report's descriptors live until then.
static void close_rest_on_exec(int first) {
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 1u << 2 /* CLOSE_RANGE_CLOEXEC */) == 0) return;
    long limit = sysconf(_SC_OPEN_MAX);
    for (int descriptor = first; descriptor < (limit > 0 ? limit : 65536); descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);
        if (flags >= 0) fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
    }
}

/// Puts the three streams at 0..2 and the listeners at 3.., and returns where the report pipe went.
/// Every source is first copied above all targets, so that no dup2 can overwrite a source still needed.
static int arrange_descriptors(const struct atoll_spawn_request *request, int report) {
    int count = 3 + (int)request->listener_count;
    int high = fcntl(report, F_DUPFD_CLOEXEC, count + 1);
    if (high < 0) fail(report, ATOLL_SPAWN_STEP_DESCRIPTORS);
    int copies[3 + ATOLL_SPAWN_LISTENERS_MAX];
    for (int target = 0; target < count; target++) {
        int source = target == 0   ? request->standard_input
                     : target == 1 ? request->standard_output
                     : target == 2 ? request->standard_error
                                   : request->listeners[target - 3];
        int opened = source;
        if (source < 0) opened = open("/dev/null", O_RDWR | O_CLOEXEC);
        copies[target] = opened < 0 ? -1 : fcntl(opened, F_DUPFD_CLOEXEC, count + 1);
        if (copies[target] < 0) fail(high, ATOLL_SPAWN_STEP_DESCRIPTORS);
    }
    for (int target = 0; target < count; target++) {
        if (dup2(copies[target], target) < 0) fail(high, ATOLL_SPAWN_STEP_DESCRIPTORS);
    }
    close_rest_on_exec(count);
    return high;
}

static void add_landlock_paths(int report, int ruleset, const char *const *paths, uint64_t access) {
    for (; paths && *paths; paths++) {
        struct path_beneath rule = {access, open(*paths, O_PATH | O_CLOEXEC)};
        // A missing path only makes the walls narrower, and lists name paths that not every system has.
        if (rule.parent < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
        struct stat status;
        if (rule.parent < 0 || fstat(rule.parent, &status) != 0) fail(report, ATOLL_SPAWN_STEP_LANDLOCK_RULES);
        if (!S_ISDIR(status.st_mode)) rule.allowed_access &= ACCESS_ON_FILES;
        if (syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_PATH_BENEATH, &rule, 0) != 0) {
            fail(report, ATOLL_SPAWN_STEP_LANDLOCK_RULES);
        }
        close(rule.parent);
    }
}

/// Opens the paths while we may still reach them (before setuid); returns the rule set, -1 when there is no Landlock.
static int prepare_landlock(const struct atoll_spawn_request *request, int report, int abi) {
    if (abi == 0) return -1;
    // Filesystem rights by ABI: 13 in 1, then REFER (2), TRUNCATE (3), and device ioctl (5).
    int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
    uint64_t handled = (1ull << bits) - 1;
    int ruleset = (int)syscall(LANDLOCK_CREATE_RULESET, &handled, sizeof handled, 0);
    if (ruleset < 0) fail(report, ATOLL_SPAWN_STEP_LANDLOCK_RULES);
    uint64_t reading = ACCESS_EXECUTE | ACCESS_READ_FILE | ACCESS_READ_DIRECTORY;
    add_landlock_paths(report, ruleset, request->read_paths, reading);
    add_landlock_paths(report, ruleset, request->write_paths, handled & ~ACCESS_EXECUTE);
    return ruleset;
}

static void change_identity(const struct atoll_spawn_request *request, int report) {
    bool same_group = !request->set_group || (getgid() == request->group && getegid() == request->group);
    bool same_user = !request->set_user || (getuid() == request->user && geteuid() == request->user);
    // An ordinary user who asks for itself needs no privilege, and has none.
    if (same_group && same_user && geteuid() != 0) return;
    if (request->set_group) {
        if (syscall(SYS_setgroups, 0, NULL) != 0) fail(report, ATOLL_SPAWN_STEP_GROUPS);
        gid_t group = request->group;
        if (syscall(SYS_setresgid, group, group, group) != 0) fail(report, ATOLL_SPAWN_STEP_GROUP);
    }
    if (request->set_user) {
        uid_t user = request->user;
        if (syscall(SYS_setresuid, user, user, user) != 0) fail(report, ATOLL_SPAWN_STEP_USER);
    }
}

static void follow_parent(const struct atoll_spawn_request *request, int report, pid_t parent) {
    if (request->parent_death_signal == 0) return;
    // After setuid, which clears the signal.
    if (prctl(PR_SET_PDEATHSIG, request->parent_death_signal, 0, 0, 0) != 0) {
        fail(report, ATOLL_SPAWN_STEP_PARENT_DEATH_SIGNAL);
    }
    // The parent may have died before the line above: then nobody would ever tell us.
    if (getppid() != parent) {
        errno = ESRCH;
        fail(report, ATOLL_SPAWN_STEP_PARENT_DEATH_SIGNAL);
    }
}

static _Noreturn void become(
    const struct atoll_spawn_request *request, char *const *environment, struct listen_environment *listen,
    pid_t parent, int report) {
    reset_signal_actions();
    report = arrange_descriptors(request, report);
    int abi = request->use_landlock ? atoll_landlock_abi() : 0;
    int ruleset = prepare_landlock(request, report, abi);
    change_identity(request, report);
    if (request->no_new_privileges || ruleset >= 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(report, ATOLL_SPAWN_STEP_NO_NEW_PRIVILEGES);
    }
    if (request->working_directory && chdir(request->working_directory) != 0) {
        fail(report, ATOLL_SPAWN_STEP_WORKING_DIRECTORY);
    }
    if (ruleset >= 0 && syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0) fail(report, ATOLL_SPAWN_STEP_LANDLOCK);
    follow_parent(request, report, parent);
    if (request->umask >= 0) umask((mode_t)request->umask);
    write_decimal(listen->process + sizeof LISTEN_PID_PREFIX - 1, (unsigned)syscall(SYS_getpid));
    send_report(report, ATOLL_SPAWN_STEP_NONE, 0, abi);
    unblock_signals();
    execve(request->executable, request->arguments, environment);
    fail(report, ATOLL_SPAWN_STEP_EXECUTE);
}

static _Noreturn void run_child(
    const struct atoll_spawn_request *request, char *const *environment, struct listen_environment *listen,
    pid_t parent, int report) {
    if ((request->new_session || request->detach) && setsid() < 0) fail(report, ATOLL_SPAWN_STEP_SESSION);
    if (request->detach) {
        // _Fork: no handlers of other libraries, which may not run in the child of a program with threads.
        pid_t second = _Fork();
        if (second < 0) fail(report, ATOLL_SPAWN_STEP_FORK);
        if (second > 0) _exit(0);
        if (request->new_session && setsid() < 0) fail(report, ATOLL_SPAWN_STEP_SESSION);
    }
    become(request, environment, listen, parent, report);
}

// ---- In the parent ----

static int refuse(struct atoll_spawn_result *result, int step, int error_number) {
    result->pid = -1;
    result->step = step;
    result->error_number = error_number;
    return -1;
}

static void wait_for(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

/// The environment with LISTEN_FDS and LISTEN_PID at its end when there are listeners; free() it.
static char **make_environment(const struct atoll_spawn_request *request, struct listen_environment *listen) {
    size_t count = 0;
    while (request->environment[count]) count++;
    char **environment = calloc(count + 3, sizeof *environment);
    if (!environment) return NULL;
    memcpy(environment, request->environment, count * sizeof *environment);
    memcpy(listen->process, LISTEN_PID_PREFIX, sizeof LISTEN_PID_PREFIX);
    snprintf(listen->count, sizeof listen->count, "LISTEN_FDS=%zu", request->listener_count);
    if (request->listener_count > 0) {
        environment[count] = listen->process;
        environment[count + 1] = listen->count;
    }
    return environment;
}

/// Reads what the child says until exec (or its end) closes the pipe.
static int collect_reports(int descriptor, struct atoll_spawn_result *result) {
    struct report report;
    bool heard = false;
    for (;;) {
        // A report is far below PIPE_BUF, so it is never split.
        ssize_t count = read(descriptor, &report, sizeof report);
        if (count < 0 && errno == EINTR) continue;
        if (count != sizeof report) break;
        heard = true;
        if (report.step != ATOLL_SPAWN_STEP_NONE) return refuse(result, report.step, report.error_number);
        result->pid = report.pid;
        result->landlock_abi = report.landlock_abi;
    }
    // Killed before it could say anything.
    return heard ? 0 : refuse(result, ATOLL_SPAWN_STEP_FORK, ECHILD);
}

int atoll_spawn(const struct atoll_spawn_request *request, struct atoll_spawn_result *result) {
    memset(result, 0, sizeof *result);
    if (request->listener_count > ATOLL_SPAWN_LISTENERS_MAX) {
        return refuse(result, ATOLL_SPAWN_STEP_ARGUMENTS, E2BIG);
    }
    struct listen_environment listen;
    char **environment = make_environment(request, &listen);
    if (!environment) return refuse(result, ATOLL_SPAWN_STEP_ARGUMENTS, ENOMEM);
    int reports[2];
    if (pipe2(reports, O_CLOEXEC) != 0) {
        int error_number = errno;
        free(environment);
        return refuse(result, ATOLL_SPAWN_STEP_PIPE, error_number);
    }
    // No handler of ours may run in the child, where our threads and their locks are gone.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) run_child(request, environment, &listen, parent, reports[1]);
    int fork_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(reports[1]);
    free(environment);
    int outcome = pid < 0 ? refuse(result, ATOLL_SPAWN_STEP_FORK, fork_error) : collect_reports(reports[0], result);
    close(reports[0]);
    if (pid > 0 && (request->detach || outcome != 0)) wait_for(pid);
    return outcome;
}
