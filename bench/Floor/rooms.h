// Rooms by name; a room knows its members and the bytes it owes all of them at the end of this turn.
#ifndef FLOOR_ROOMS_H
#define FLOOR_ROOMS_H

#include <stddef.h>
#include <stdint.h>

struct connection;

typedef struct room {
    struct room *next_in_bucket, *next_dirty;
    struct connection **members;
    uint32_t count, capacity;
    char *pending;             // frames of this turn, the same bytes for every member
    size_t pending_length, pending_capacity;
    uint32_t pending_frames;
    int dirty;
    char name[65];
} room;

room *room_find_or_create(const char *name, size_t length);
void room_add(room *r, struct connection *c);
void room_remove(room *r, struct connection *c);

// Appends "[room] text" as one unmasked text frame and puts the room on the list of this turn.
void room_publish(room *r, const char *text, size_t length);

// The rooms published to since the last call, linked by next_dirty.
room *rooms_take_dirty(void);

#endif
