#define _GNU_SOURCE
#include "atoll_ring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Of newer kernels than Debian 12's headers; include/uapi/linux/io_uring.h of Linux 6.12.
#define BUFFER_RING_INCREMENTAL 2
#define COMPLETION_BUFFER_MORE (1u << 4)

enum { buffer_group = 0 };

struct atoll_ring {
    struct io_uring uring;
    struct io_uring_buf_ring *buffer_ring;
    size_t buffer_ring_bytes;
    char *buffers;
    // How much of a buffer has been received into, for buffers that the kernel fills piece by piece.
    uint32_t *offsets;
    unsigned buffer_count;
    unsigned buffer_bytes;
    unsigned buffer_mask;
    int is_incremental;
    int is_begun;
    int is_registered;
};

static int register_buffers(struct atoll_ring *ring, int incremental) {
    struct io_uring_buf_reg registration;
    memset(&registration, 0, sizeof registration);
    registration.ring_addr = (uint64_t)(uintptr_t)ring->buffer_ring;
    registration.ring_entries = ring->buffer_count;
    registration.bgid = buffer_group;
    registration.pad = incremental ? BUFFER_RING_INCREMENTAL : 0;
    return io_uring_register_buf_ring(&ring->uring, &registration, 0);
}

static size_t buffers_size(const struct atoll_ring *ring) {
    return (size_t)ring->buffer_count * ring->buffer_bytes;
}

static int open_buffers(struct atoll_ring *ring) {
    ring->buffer_ring_bytes = ring->buffer_count * sizeof(struct io_uring_buf);
    void *mapped =
        mmap(NULL, ring->buffer_ring_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (mapped == MAP_FAILED) { return -errno; }
    ring->buffer_ring = mapped;
    ring->offsets = calloc(ring->buffer_count, sizeof(uint32_t));
    mapped = mmap(NULL, buffers_size(ring), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (mapped == MAP_FAILED) { return -errno; }
    ring->buffers = mapped;
    if (ring->offsets == NULL) { return -ENOMEM; }
    ring->is_incremental = 1;
    int result = register_buffers(ring, 1);
    if (result != 0) {
        ring->is_incremental = 0;
        result = register_buffers(ring, 0);
    }
    if (result != 0) { return result; }
    io_uring_buf_ring_init(ring->buffer_ring);
    ring->buffer_mask = io_uring_buf_ring_mask(ring->buffer_count);
    for (unsigned index = 0; index < ring->buffer_count; index++) {
        io_uring_buf_ring_add(ring->buffer_ring, ring->buffers + (size_t)index * ring->buffer_bytes,
                              ring->buffer_bytes, (unsigned short)index, ring->buffer_mask, (int)index);
    }
    io_uring_buf_ring_advance(ring->buffer_ring, (int)ring->buffer_count);
    return 0;
}

struct atoll_ring *atoll_ring_open(unsigned entries, unsigned completions, unsigned buffers, unsigned buffer_bytes,
                                   int *error) {
    struct atoll_ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL) {
        *error = ENOMEM;
        return NULL;
    }
    ring->buffer_count = buffers;
    ring->buffer_bytes = buffer_bytes;
    struct io_uring_params parameters;
    memset(&parameters, 0, sizeof parameters);
    // DEFER_TASKRUN came with Linux 6.1, after everything else that is used here: who has it has all.
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_R_DISABLED;
    parameters.cq_entries = completions;
    int result = io_uring_queue_init_params(entries, &ring->uring, &parameters);
    if (result != 0) {
        free(ring);
        *error = -result;
        return NULL;
    }
    for (unsigned index = 0; index < *ring->uring.sq.kring_entries; index++) { ring->uring.sq.array[index] = index; }
    result = open_buffers(ring);
    if (result != 0) {
        atoll_ring_close(ring);
        *error = -result;
        return NULL;
    }
    return ring;
}

int atoll_ring_begin(struct atoll_ring *ring) {
    if (ring->is_begun) { return 0; }
    ring->is_begun = 1;
    // liburing 2.3 declares a function for this and does not export it.
    if (syscall(__NR_io_uring_register, ring->uring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) != 0) {
        return errno;
    }
    // Only saves the kernel a look-up.
    ring->is_registered = io_uring_register_ring_fd(&ring->uring) == 1;
    return 0;
}

void atoll_ring_close(struct atoll_ring *ring) {
    io_uring_queue_exit(&ring->uring);
    if (ring->buffer_ring != NULL) { munmap(ring->buffer_ring, ring->buffer_ring_bytes); }
    if (ring->buffers != NULL) { munmap(ring->buffers, buffers_size(ring)); }
    free(ring->offsets);
    free(ring);
}

static struct io_uring_sqe *next_request(struct atoll_ring *ring) {
    struct io_uring_sqe *request = io_uring_get_sqe(&ring->uring);
    while (__builtin_expect(request == NULL, 0)) {
        atoll_ring_begin(ring);
        io_uring_submit(&ring->uring);
        request = io_uring_get_sqe(&ring->uring);
    }
    return request;
}

void atoll_ring_receive(struct atoll_ring *ring, int descriptor, uint64_t mark) {
    struct io_uring_sqe *request = next_request(ring);
    io_uring_prep_recv_multishot(request, descriptor, NULL, 0, 0);
    request->flags |= IOSQE_BUFFER_SELECT;
    request->buf_group = buffer_group;
    request->ioprio |= IORING_RECVSEND_POLL_FIRST;
    request->user_data = mark;
}

void atoll_ring_send(struct atoll_ring *ring, int descriptor, const void *bytes, uint64_t count, uint64_t mark) {
    struct io_uring_sqe *request = next_request(ring);
    // WAITALL makes a short send a failure, which alone is reported; DONTWAIT makes it come at once.
    io_uring_prep_send(request, descriptor, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL);
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    request->user_data = mark;
}

void atoll_ring_send_when_ready(struct atoll_ring *ring, int descriptor, const void *bytes, uint64_t count,
                                uint64_t mark) {
    struct io_uring_sqe *request = next_request(ring);
    io_uring_prep_send(request, descriptor, bytes, count, MSG_NOSIGNAL);
    request->ioprio |= IORING_RECVSEND_POLL_FIRST;
    request->user_data = mark;
}

void atoll_ring_accept(struct atoll_ring *ring, int descriptor, uint64_t mark) {
    struct io_uring_sqe *request = next_request(ring);
    io_uring_prep_multishot_accept(request, descriptor, NULL, NULL, SOCK_CLOEXEC);
    request->user_data = mark;
}

void atoll_ring_await_writable(struct atoll_ring *ring, int descriptor, uint64_t mark) {
    struct io_uring_sqe *request = next_request(ring);
    io_uring_prep_poll_add(request, descriptor, POLLOUT);
    request->user_data = mark;
}

void atoll_ring_watch_readable(struct atoll_ring *ring, int descriptor, uint64_t mark) {
    struct io_uring_sqe *request = next_request(ring);
    io_uring_prep_poll_multishot(request, descriptor, POLLIN);
    request->user_data = mark;
}

void atoll_ring_cancel(struct atoll_ring *ring, uint64_t mark) {
    struct io_uring_sqe *request = next_request(ring);
    io_uring_prep_cancel64(request, mark, 0);
    request->flags |= IOSQE_CQE_SKIP_SUCCESS;
    // What is not found has completed already, and says so itself.
    request->user_data = 0;
}

/// Makes all prepared requests visible to the kernel; their number. Entry i of the ring's index is always i (see
/// atoll_ring_open), so only the tail moves.
static unsigned publish_requests(struct io_uring *uring) {
    struct io_uring_sq *queue = &uring->sq;
    queue->sqe_head = queue->sqe_tail;
    io_uring_smp_store_release(queue->ktail, queue->sqe_tail);
    return queue->sqe_tail - io_uring_smp_load_acquire(queue->khead);
}

/// struct io_uring_getevents_arg of Linux 6.12: before, the second half of the size was padding.
struct wait_arguments {
    uint64_t signal_mask;
    uint32_t signal_mask_size;
    uint32_t min_wait_microseconds;
    uint64_t limit;
};

void atoll_ring_enter(struct atoll_ring *ring, int64_t timeout_milliseconds, unsigned count,
                      uint32_t gather_microseconds) {
    if (__builtin_expect(!ring->is_begun, 0)) { atoll_ring_begin(ring); }
    struct __kernel_timespec limit = {.tv_sec = timeout_milliseconds / 1000,
                                      .tv_nsec = (timeout_milliseconds % 1000) * 1000000};
    struct wait_arguments arguments = {.signal_mask_size = _NSIG / 8,
                                       .min_wait_microseconds = gather_microseconds,
                                       .limit = timeout_milliseconds < 0 ? 0 : (uint64_t)(uintptr_t)&limit};
    unsigned wait_for = timeout_milliseconds == 0 ? 0 : count;
    unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG |
                     (ring->is_registered ? IORING_ENTER_REGISTERED_RING : 0);
    unsigned requests = publish_requests(&ring->uring);
    long result = syscall(__NR_io_uring_enter, ring->uring.enter_ring_fd, requests, wait_for, flags, &arguments,
                          sizeof arguments);
    if (__builtin_expect(result < 0 && errno == EEXIST, 0)) {
        fputs("atoll: a loop was run by another thread than the one that ran it first\n", stderr);
        abort();
    }
    // The kernel may stop in the middle for want of memory; silent success may only be read from an empty queue.
    while (__builtin_expect(io_uring_sq_ready(&ring->uring) != 0, 0)) {
        io_uring_submit(&ring->uring);
    }
}

unsigned atoll_ring_take(struct atoll_ring *ring, struct atoll_completion *target, unsigned count) {
    unsigned head;
    unsigned taken = 0;
    struct io_uring_cqe *completion;
    io_uring_for_each_cqe(&ring->uring, head, completion) {
        if (taken == count) { break; }
        target[taken].mark = completion->user_data;
        target[taken].result = completion->res;
        target[taken].flags = completion->flags;
        taken++;
    }
    io_uring_cq_advance(&ring->uring, taken);
    return taken;
}

static unsigned buffer_of(const struct atoll_completion *completion) {
    return completion->flags >> IORING_CQE_BUFFER_SHIFT;
}

const void *atoll_ring_bytes(struct atoll_ring *ring, const struct atoll_completion *completion) {
    if (!(completion->flags & IORING_CQE_F_BUFFER)) { return NULL; }
    unsigned buffer = buffer_of(completion);
    return ring->buffers + (size_t)buffer * ring->buffer_bytes + ring->offsets[buffer];
}

void atoll_ring_bytes_done(struct atoll_ring *ring, const struct atoll_completion *completion) {
    if (!(completion->flags & IORING_CQE_F_BUFFER)) { return; }
    unsigned buffer = buffer_of(completion);
    if (ring->is_incremental && (completion->flags & COMPLETION_BUFFER_MORE)) {
        if (completion->result > 0) { ring->offsets[buffer] += (uint32_t)completion->result; }
        return;
    }
    ring->offsets[buffer] = 0;
    io_uring_buf_ring_add(ring->buffer_ring, ring->buffers + (size_t)buffer * ring->buffer_bytes,
                          ring->buffer_bytes, (unsigned short)buffer, ring->buffer_mask, 0);
    io_uring_buf_ring_advance(ring->buffer_ring, 1);
}

void atoll_ring_release_buffers(struct atoll_ring *ring) {
    // DEFER_TASKRUN: the kernel fills buffers in atoll_ring_enter alone, so what is in none of its completions is free.
    if (io_uring_cq_ready(&ring->uring) != 0 || io_uring_cq_has_overflow(&ring->uring)) { return; }
    madvise(ring->buffers, buffers_size(ring), MADV_DONTNEED);
}
