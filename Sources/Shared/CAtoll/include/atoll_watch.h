#pragma once

// Waiting for many descriptors at once: epoll, with a number instead of a pointer for each.

#include <stdint.h>

/// An epoll descriptor, closed on exec; -1 with errno.
int atoll_watch_make(void);

/// Reports the token for as long as the descriptor is readable or at its end; 0, or -1 with errno.
int atoll_watch_add(int watch, int descriptor, uint64_t token);

/// Must come before the descriptor is closed; 0, or -1 with errno.
int atoll_watch_remove(int watch, int descriptor);

/// Waits without limit and returns how many tokens were written; 0 after a signal.
int atoll_watch_wait(int watch, uint64_t *tokens, int capacity);
