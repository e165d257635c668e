#include "lie.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum lie lie_kind;

enum lie lie_parse(const char *word) {
    static const char *words[] = {"none", "drop", "double", "swap", "damage"};
    for (int i = 0; i < 5; i++)
        if (!strcmp(word, words[i])) return (enum lie)i;
    return (enum lie)-1;
}

static size_t frame_size(const char *frame) {
    const uint8_t *bytes = (const uint8_t *)frame;
    if (bytes[1] < 126) return 2u + bytes[1];
    if (bytes[1] == 126) return 4u + (bytes[2] << 8 | bytes[3]);
    size_t payload = 0;
    for (int i = 2; i < 10; i++) payload = payload << 8 | bytes[i];
    return 10 + payload;
}

const char *lie_about(const char *frames, size_t *length, unsigned frame_count) {
    static unsigned deliveries;
    static char *copy;
    static size_t capacity;

    // A swap needs two frames in one turn; the chance is taken when it comes.
    deliveries += frame_count;
    if (deliveries < 1000 || (lie_kind == LIE_SWAP && frame_count < 2)) return frames;
    deliveries = 0;

    size_t first = frame_size(frames), rest = *length - first;
    if (capacity < *length + first) {
        capacity = *length + first;
        copy = realloc(copy, capacity);
        if (!copy) abort();
    }
    switch (lie_kind) {
    case LIE_DROP:
        memcpy(copy, frames + first, rest);
        *length = rest;
        return copy;
    case LIE_DOUBLE:
        memcpy(copy, frames, first);
        memcpy(copy + first, frames, *length);
        *length += first;
        return copy;
    case LIE_SWAP: {
        size_t second = frame_size(frames + first);
        memcpy(copy, frames + first, second);
        memcpy(copy + second, frames, first);
        memcpy(copy + first + second, frames + first + second, rest - second);
        return copy;
    }
    case LIE_DAMAGE:
        memcpy(copy, frames, *length);
        copy[first - 2] ^= 0x01;   // inside the text, far from its head
        return copy;
    default:
        return frames;
    }
}
