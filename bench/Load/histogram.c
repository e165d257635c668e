#include "histogram.h"

#include <string.h>

void histogram_clear(histogram *h) { memset(h, 0, sizeof *h); }

void histogram_add(histogram *h, int64_t value) {
    if (value < 0) value = 0;
    if (value > h->max) h->max = value;
    int shift = value < 64 ? 0 : 57 - __builtin_clzll((uint64_t)value);
    uint64_t bucket = value < 64 ? (uint64_t)value : (uint64_t)(shift + 1) * 64 + ((uint64_t)value >> shift & 63);
    h->buckets[bucket]++;
    h->count++;
}

int64_t histogram_at(const histogram *h, double share) {
    uint64_t wanted = (uint64_t)(share * (double)h->count + 0.5), seen = 0;
    if (!h->count) return 0;
    for (int i = 0; i < 58 * 64; i++) {
        seen += h->buckets[i];
        if (seen < wanted || !seen) continue;
        if (i < 64) return i;
        int shift = i / 64 - 1;
        int64_t highest = ((64 + (int64_t)(i % 64) + 1) << shift) - 1;
        return highest < h->max ? highest : h->max;
    }
    return h->max;
}
