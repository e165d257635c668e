#include "rooms.h"
#include "connection.h"

#include <stdlib.h>
#include <string.h>

enum { buckets = 16384 };
static room *table[buckets];
static room *dirty_list;

static void *grow(void *memory, size_t bytes) {
    memory = realloc(memory, bytes);
    if (!memory) abort();
    return memory;
}

room *room_find_or_create(const char *name, size_t length) {
    uint32_t hash = 2166136261u;
    if (length > 64) length = 64;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)name[i]) * 16777619u;

    room **bucket = &table[hash % buckets];
    for (room *r = *bucket; r; r = r->next_in_bucket)
        if (!strncmp(r->name, name, length) && !r->name[length]) return r;

    room *created = grow(NULL, sizeof *created);
    memset(created, 0, sizeof *created);
    memcpy(created->name, name, length);
    created->next_in_bucket = *bucket;
    return *bucket = created;
}

void room_add(room *r, connection *c) {
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 4;
        r->members = grow(r->members, r->capacity * sizeof *r->members);
    }
    c->room = r;
    c->index_in_room = r->count;
    r->members[r->count++] = c;
}

void room_remove(room *r, connection *c) {
    connection *last = r->members[--r->count];
    r->members[c->index_in_room] = last;
    last->index_in_room = c->index_in_room;
    c->room = NULL;
}

void room_publish(room *r, const char *text, size_t length) {
    size_t name_length = strlen(r->name), payload = name_length + 3 + length;
    if (r->pending_length + payload + 10 > r->pending_capacity) {
        r->pending_capacity = 2 * (r->pending_length + payload + 10);
        r->pending = grow(r->pending, r->pending_capacity);
    }

    char *to = r->pending + r->pending_length;
    *to++ = (char)0x81;
    if (payload < 126) {
        *to++ = (char)payload;
    } else if (payload < 65536) {
        *to++ = 126;
        *to++ = (char)(payload >> 8);
        *to++ = (char)payload;
    } else {
        *to++ = 127;
        for (int shift = 56; shift >= 0; shift -= 8) *to++ = (char)(payload >> shift);
    }
    *to++ = '[';
    memcpy(to, r->name, name_length);
    to += name_length;
    *to++ = ']';
    *to++ = ' ';
    memcpy(to, text, length);
    r->pending_length = (size_t)(to + length - r->pending);
    r->pending_frames++;

    if (!r->dirty) {
        r->dirty = 1;
        r->next_dirty = dirty_list;
        dirty_list = r;
    }
}

room *rooms_take_dirty(void) {
    room *list = dirty_list;
    dirty_list = NULL;
    return list;
}
