#define _GNU_SOURCE
#include "ResourceMeter.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// The allocator's functions of this program, in front of glibc's own: every allocation goes through here, that of the
// Swift runtime and of C libraries too. Not instrumented, or each allocation would look like coverage.
#define BARE __attribute__((no_sanitize("coverage")))

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static _Thread_local int is_counting;
static _Thread_local int64_t live;
static _Thread_local int64_t peak;

BARE static void *counted(void *block) {
    if (is_counting && block) {
        live += (int64_t)malloc_usable_size(block);
        if (live > peak) peak = live;
    }
    return block;
}

BARE static void uncounted(void *block) {
    if (is_counting && block) live -= (int64_t)malloc_usable_size(block);
}

BARE void *malloc(size_t size) { return counted(__libc_malloc(size)); }

BARE void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }

BARE void *realloc(void *block, size_t size) {
    uncounted(block);
    return counted(__libc_realloc(block, size));
}

BARE void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

BARE void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

BARE int posix_memalign(void **block, size_t alignment, size_t size) {
    void *made = memalign(alignment, size);
    if (!made) return ENOMEM;
    *block = made;
    return 0;
}

BARE void free(void *block) {
    uncounted(block);
    __libc_free(block);
}

// Ticks of the CPU's clock since the run began. libFuzzer's own limit is of the wall's clock, which goes on while the
// machine is busy with others.
static volatile sig_atomic_t ticks;
static uint64_t started;

static uint64_t thread_cpu_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void meter_start(void) {
    ticks = 0;
    live = 0;
    peak = 0;
    started = thread_cpu_nanoseconds();
    is_counting = 1;
}

struct resources meter_stop(void) {
    is_counting = 0;
    return (struct resources){.peak_bytes = (size_t)peak, .cpu_nanoseconds = thread_cpu_nanoseconds() - started};
}

static void on_tick(int signal) {
    (void)signal;
    if (!is_counting || ++ticks < 3) return;
    static const char message[] = "VIOLATION: an input took more than 2 seconds of CPU and has not ended\n";
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0) _exit(1);
    abort();
}

static void on_trap(int signal) {
    (void)signal;
    abort();
}

void meter_install(void) {
    struct sigaction trap = {.sa_handler = on_trap};
    sigaction(SIGTRAP, &trap, NULL);
    struct sigaction tick = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    sigaction(SIGPROF, &tick, NULL);
    struct itimerval second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    setitimer(ITIMER_PROF, &second, NULL);
}
