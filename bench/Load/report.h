// What the harness reads: one JSON object per line on standard output.
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include "histogram.h"
#include "usage.h"

// A measuring window: everything between two calls.
typedef struct window {
    usage start;
    uint64_t count;            // deliveries, or handshakes
    histogram latency;         // ns
} window;

void window_begin(window *w, int server_pid);
void window_end(const window *w, int server_pid, const char *counted);

// The last line: how it ended. Exits, with 0 only if nothing was wrong.
_Noreturn void report_end(const char *trouble);

#endif
