#define _GNU_SOURCE
#include "message.h"

#include <string.h>

enum { marker_size = 3, slack = 4096 };
static const char marker[] = "~#~";

static size_t message_size;

// The filler of a message is a slice of this, at a place given by its number: what should have come needs no keeping,
// and comparing it is one memcmp.
static char pattern[max_message_size + slack];

static int8_t digit_of[256];

void message_init(size_t size) {
    message_size = size;
    uint32_t random = 0x9E3779B9;
    for (size_t i = 0; i < sizeof pattern; i++) {
        random = random * 1664525 + 1013904223;
        pattern[i] = "abcdefghijklmnopqrstuvwxyzABCDEF"[random >> 27];
    }
    memset(digit_of, -1, sizeof digit_of);
    for (int i = 0; i < 16; i++) digit_of[(unsigned char)"0123456789abcdef"[i]] = (int8_t)i;
}

static const char *filler_of(message m) { return pattern + (m.sequence * 61 + m.room * 7) % slack; }

static void write_hex(char *to, uint64_t value, int digits) {
    for (int i = digits - 1; i >= 0; i--, value >>= 4) to[i] = "0123456789abcdef"[value & 15];
}

// Returns 0 if a character isn't a digit.
static int read_hex(const char *from, int digits, uint64_t *value) {
    int bad = 0;
    *value = 0;
    for (int i = 0; i < digits; i++) {
        int digit = digit_of[(unsigned char)from[i]];
        bad |= digit;
        *value = *value << 4 | (uint64_t)(digit & 15);
    }
    return bad >= 0;
}

static uint32_t sum_of(message m) {
    uint64_t mixed = ((uint64_t)m.room << 32 | m.sequence) * 0x9E3779B97F4A7C15u ^ (uint64_t)m.time;
    mixed = (mixed ^ mixed >> 31) * 0xBF58476D1CE4E5B9u;
    return (uint32_t)(mixed >> 32);
}

void message_write(char *to, message m) {
    memcpy(to, marker, marker_size);
    write_hex(to + 3, m.room, 6);
    write_hex(to + 9, m.sequence, 8);
    write_hex(to + 17, (uint64_t)m.time, 16);
    write_hex(to + 33, sum_of(m), 8);
    memcpy(to + message_head_size, filler_of(m), message_size - message_head_size);
}

enum found message_next(const char **text, size_t *length, message *m) {
    const char *at = memmem(*text, *length, marker, marker_size);
    if (!at) return FOUND_NONE;
    size_t rest = *length - (size_t)(at - *text), used = rest < message_size ? rest : message_size;
    *text = at + used;
    *length = rest - used;
    if (used < message_size) return FOUND_DAMAGED;

    uint64_t room, sequence, time, sum;
    if (!(read_hex(at + 3, 6, &room) & read_hex(at + 9, 8, &sequence) & read_hex(at + 17, 16, &time) & read_hex(at + 33, 8, &sum)))
        return FOUND_DAMAGED;
    *m = (message){.room = (uint32_t)room, .sequence = (uint32_t)sequence, .time = (int64_t)time};
    if (sum != sum_of(*m) || memcmp(at + message_head_size, filler_of(*m), message_size - message_head_size)) return FOUND_DAMAGED;
    return FOUND_MESSAGE;
}
