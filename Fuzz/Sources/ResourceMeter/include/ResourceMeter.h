#pragma once
#include <stddef.h>
#include <stdint.h>

/// What one run took.
struct resources {
    /// The most bytes that this thread had allocated and not freed at one time.
    size_t peak_bytes;
    /// CPU time of this thread.
    uint64_t cpu_nanoseconds;
};

/// Prepares the process: a run that spends 2 seconds of CPU and has not ended is aborted, and so is a trap of Swift
/// where it raises SIGTRAP, which libFuzzer does not handle.
void meter_install(void);

/// Begins to count what this thread takes.
void meter_start(void);

/// Ends counting.
struct resources meter_stop(void);
