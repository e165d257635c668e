#ifndef LOAD_CLOCK_H
#define LOAD_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { second_ns = 1000000000 };

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * (int64_t)second_ns + t.tv_nsec;
}

static inline int64_t after_seconds(int64_t start, double seconds) { return start + (int64_t)(seconds * second_ns); }

#endif
