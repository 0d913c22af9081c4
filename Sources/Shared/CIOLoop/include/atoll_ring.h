#pragma once

// io_uring as the event loop uses it. Nothing of liburing shows: its headers stay out of who imports this.

#include <stdint.h>

/// A ring with its provided buffers. One thread uses it, the one that called `atoll_ring_begin`.
struct atoll_ring;

/// Something that the kernel has finished, or, with ATOLL_RING_MORE, goes on doing.
struct atoll_completion {
    /// As given with the request.
    uint64_t mark;
    /// What the system call would have returned; errors have their sign turned.
    int32_t result;
    uint32_t flags;
};

/// The request stays armed and completes again.
#define ATOLL_RING_MORE (1u << 1)

/// Opens a ring that accepts `entries` requests at a time and holds `completions` of them, with `buffers` receive
/// buffers of `buffer_bytes` (both powers of two). NULL where the kernel refuses, with the errno.
struct atoll_ring *atoll_ring_open(unsigned entries, unsigned completions, unsigned buffers, unsigned buffer_bytes,
                                   int *error);
/// Makes the calling thread the ring's own; 0 or an errno.
int atoll_ring_begin(struct atoll_ring *ring);
void atoll_ring_close(struct atoll_ring *ring);

/// Receives into provided buffers until the end of the stream, an error, or a lack of buffers.
void atoll_ring_receive(struct atoll_ring *ring, int descriptor, uint64_t mark);
/// Sends at once what the socket takes. Completes only if that was not all.
void atoll_ring_send(struct atoll_ring *ring, int descriptor, const void *bytes, uint64_t count, uint64_t mark);
/// Sends what the socket takes as soon as it takes anything. Completes always.
void atoll_ring_send_when_ready(struct atoll_ring *ring, int descriptor, const void *bytes, uint64_t count,
                                uint64_t mark);
/// Accepts descriptors until it is cancelled or fails.
void atoll_ring_accept(struct atoll_ring *ring, int descriptor, uint64_t mark);
/// Completes once the descriptor can be written to.
void atoll_ring_await_writable(struct atoll_ring *ring, int descriptor, uint64_t mark);
/// Completes whenever the descriptor becomes readable.
void atoll_ring_watch_readable(struct atoll_ring *ring, int descriptor, uint64_t mark);
/// Cancels the request with that mark, which completes as cancelled if it has not otherwise.
void atoll_ring_cancel(struct atoll_ring *ring, uint64_t mark);

/// Hands all requests over and waits for that many completions, at most that long: -1 without limit, 0 not at all.
/// With a gathering time, it returns after that time already if there is any completion, and else with the first.
void atoll_ring_enter(struct atoll_ring *ring, int64_t timeout_milliseconds, unsigned count,
                      uint32_t gather_microseconds);
/// Takes completions; their number.
unsigned atoll_ring_take(struct atoll_ring *ring, struct atoll_completion *target, unsigned count);

/// Where the bytes of a receive are; NULL if it used no buffer.
const void *atoll_ring_bytes(struct atoll_ring *ring, const struct atoll_completion *completion);
/// Gives the bytes of a receive back to the kernel. Once for each completion, in their order.
void atoll_ring_bytes_done(struct atoll_ring *ring, const struct atoll_completion *completion);
/// Gives the memory of the receive buffers back until they are next received into. When all completions that were
/// taken are done with; nothing happens while others wait.
void atoll_ring_release_buffers(struct atoll_ring *ring);
