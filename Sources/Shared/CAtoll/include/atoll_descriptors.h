#pragma once

// Descriptors sent from process to process over a Unix socket (SCM_RIGHTS), whose control messages are macros in C.

#include <stddef.h>
#include <sys/types.h>

/// Descriptors that one message can have.
#define ATOLL_DESCRIPTORS_MAX 64

/// Sends bytes, at least one, and descriptors with the first of them, without waiting for room. How many bytes were
/// taken, the descriptors with them; or -1 with errno.
ssize_t atoll_send_descriptors(
    int socket, const void *bytes, size_t byte_count, const int *descriptors, size_t descriptor_count);

/// Receives bytes without waiting, and the descriptors that came with them, closed on exec: at most
/// ATOLL_DESCRIPTORS_MAX. How many bytes came, 0 at the end of the stream, or -1 with errno.
ssize_t atoll_receive_descriptors(
    int socket, void *bytes, size_t byte_count, int *descriptors, size_t *descriptor_count);
