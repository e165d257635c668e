#ifndef LOAD_HISTOGRAM_H
#define LOAD_HISTOGRAM_H

#include <stdint.h>

// Logarithmic buckets of 64 steps per power of two, as in HdrHistogram: any value to 1.6 % in constant memory.
typedef struct histogram {
    uint64_t count;
    int64_t max;
    uint32_t buckets[58 * 64];
} histogram;

void histogram_clear(histogram *h);
void histogram_add(histogram *h, int64_t value);

// The value that the given share (0 to 1) of all values don't exceed; 0 of none.
int64_t histogram_at(const histogram *h, double share);

#endif
