// A floor that lies, for the self-test: about one delivery in a thousand is lost, doubled, swapped or damaged.
#ifndef FLOOR_LIE_H
#define FLOOR_LIE_H

#include <stddef.h>

enum lie { LIE_NONE, LIE_DROP, LIE_DOUBLE, LIE_SWAP, LIE_DAMAGE };

extern enum lie lie_kind;

enum lie lie_parse(const char *word);

// Returns the bytes to send instead of `frames`, valid until the next call; *length is changed to match.
const char *lie_about(const char *frames, size_t *length, unsigned frame_count);

#endif
