#pragma once

// Small facts about processes and sockets that Glibc's Swift module does not offer.

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/// A descriptor that becomes readable when the process ends, or -1 with errno.
static inline int atoll_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/// Sends a signal to exactly the process that the descriptor was opened for; 0, or -1 with errno.
static inline int atoll_pidfd_send_signal(int pidfd, int signal_number) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
}

/// Sets the name that ps and top show for this thread (15 bytes are kept).
static inline int atoll_set_process_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0);
}

/// The start time of a process in clock ticks after boot (field 22 of /proc/PID/stat), or 0 when there is no such
/// process. With the boot's id, pid + start time names one process for ever: pids are reused, pairs are not.
uint64_t atoll_process_start_ticks(pid_t pid);

/// Whether the process is a zombie: ended, and not yet waited for.
bool atoll_process_is_zombie(pid_t pid);

/// The user id of the process at the other end of a Unix socket; 0, or -1 with errno.
int atoll_peer_user_id(int descriptor, uid_t *user_id);

/// The process at the other end of a connected Unix socket; 0, or -1 with errno.
int atoll_peer_process_id(int descriptor, pid_t *process_id);

/// Takes an exclusive lock on an open file (an "open file description" lock: it ends with the last copy of the
/// descriptor); 0, or -1 with errno EAGAIN when another process holds it.
int atoll_lock_file(int descriptor);

/// Whether somebody else holds the lock, without ever taking it; 1, 0, or -1 with errno.
int atoll_file_is_locked(int descriptor);

/// pipe2 with close-on-exec: the end to read, then the end to write; 0, or -1 with errno.
int atoll_pipe(int *descriptors);

/// accept4 with close-on-exec and non-blocking; -1 with errno.
int atoll_accept(int listener);

/// Gives memory that is free in the heap back to the kernel.
void atoll_trim_heap(void);

/// A file in memory, closed on exec, that holds these bytes and stands at its start; -1 with errno.
int atoll_memory_file(const char *name, const void *bytes, size_t count);

/// Blocks every signal that can be blocked and returns a descriptor that reports the given ones; -1 with errno.
int atoll_signal_descriptor(const int *signals, size_t count);

/// Reads one signal number from a descriptor of atoll_signal_descriptor; 0 when none is waiting.
int atoll_read_signal(int descriptor);

/// How a child of ours ended. Reaps it unless keep; 1 when it has ended, 0 when it still runs, -1 with errno.
/// Exactly one of exit_code and signal_number is not -1 afterwards.
int atoll_wait_child(pid_t pid, bool keep, int *exit_code, int *signal_number);

/// Goes on in a child of its own session with standard streams on /dev/null; the caller's process ends with 0. To be
/// called before the first thread. 0, or -1 with errno.
int atoll_daemonize(void);

/// Writes signal, address and backtrace to a file ("": standard output) when the process crashes; or no more. With
/// tests_memory the report goes on with a test of the memory that the process has.
void atoll_report_crashes(const char *path, bool enabled, bool tests_memory);

/// Whether a process that ends itself (abort, a trap) exits with code 1 after the report instead of by its signal.
void atoll_exit_on_panic(bool enabled);

/// Has the calling thread's stack written to where crashes are reported unless this is called again within that time;
/// 0 ends the watch.
void atoll_watch_thread(int milliseconds);

/// Reads all memory that the process may write and writes it back changed and unchanged; 0, or how many words did not
/// hold what was written. Async-signal-safe. Other threads must not run meanwhile.
uint64_t atoll_test_memory(void);

/// Writes a title in place of the command line that ps shows; it is cut where arguments and environment ended. The
/// environment moves elsewhere: strings that getenv has given out before must not be used afterwards.
void atoll_set_process_title(const char *title);

/// The processors that the calling thread may run on, in order; how many, at most capacity.
int atoll_thread_processors(int *processors, int capacity);

/// Lets the calling thread, and those that it starts from now on, run on these processors only; 0, or -1 with errno.
int atoll_set_thread_processors(const int *processors, int count);

/// Has this process, and those that it starts, no transparent huge pages; 0, or -1 with errno.
int atoll_disable_huge_pages(void);

/// Sends a message to a service manager's socket, "@name" being an abstract one (sd_notify); 0, or -1 with errno.
int atoll_notify(const char *socket_path, const char *message);
