#pragma once

// Starting a process, with all that has to happen between fork and exec. Swift cannot run there: after fork in a
// program with threads only async-signal-safe calls are allowed, and the Swift runtime gives no such promise.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Where a spawn failed. The order is the order in which the steps run.
enum atoll_spawn_step {
    ATOLL_SPAWN_STEP_NONE = 0,
    ATOLL_SPAWN_STEP_ARGUMENTS,
    ATOLL_SPAWN_STEP_PIPE,
    ATOLL_SPAWN_STEP_FORK,
    ATOLL_SPAWN_STEP_SESSION,
    ATOLL_SPAWN_STEP_DESCRIPTORS,
    ATOLL_SPAWN_STEP_LANDLOCK_RULES,
    ATOLL_SPAWN_STEP_GROUPS,
    ATOLL_SPAWN_STEP_GROUP,
    ATOLL_SPAWN_STEP_USER,
    ATOLL_SPAWN_STEP_NO_NEW_PRIVILEGES,
    ATOLL_SPAWN_STEP_LANDLOCK,
    ATOLL_SPAWN_STEP_PARENT_DEATH_SIGNAL,
    ATOLL_SPAWN_STEP_WORKING_DIRECTORY,
    ATOLL_SPAWN_STEP_EXECUTE,
};

/// Descriptors that one spawn can pass at 3 and up.
#define ATOLL_SPAWN_LISTENERS_MAX 64

/// What to start. All pointers stay the caller's.
struct atoll_spawn_request {
    const char *executable;
    char *const *arguments;          // argv, NULL at the end
    char *const *environment;        // "KEY=value", NULL at the end; nothing is inherited
    const char *working_directory;   // NULL: stay
    int standard_input;              // -1: /dev/null, for all three
    int standard_output;
    int standard_error;
    const int *listeners;            // arrive at 3, 4, … with LISTEN_FDS and LISTEN_PID in the environment
    size_t listener_count;
    bool new_session;                // setsid: own session, own process group
    bool detach;                     // fork twice: the process belongs to init, the caller never waits for it
    bool set_user;
    uid_t user;
    bool set_group;                  // also empties the supplementary groups
    gid_t group;
    bool no_new_privileges;          // implied by Landlock
    bool use_landlock;               // false: the two lists are not looked at
    const char *const *read_paths;   // read, list, execute; NULL at the end; a path that is missing is left out
    const char *const *write_paths;  // everything but execute; NULL at the end
    int parent_death_signal;         // 0: none
    int umask;                       // -1: keep
};

struct atoll_spawn_result {
    pid_t pid;         // -1 when it failed
    int step;          // enum atoll_spawn_step: where it failed
    int error_number;  // errno there
    int landlock_abi;  // 0: not asked for, or this kernel has none
};

/// Starts a process; 0 once it runs the executable, -1 when a step failed (see result->step).
int atoll_spawn(const struct atoll_spawn_request *request, struct atoll_spawn_result *result);

/// The step in words, to follow "could not".
const char *atoll_spawn_step_name(int step);

/// The version of Landlock in this kernel; 0 when there is none.
int atoll_landlock_abi(void);
