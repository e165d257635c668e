#ifndef FLOOR_CONNECTION_H
#define FLOOR_CONNECTION_H

#include <stdint.h>

struct room;

// What an idle connection costs: this, and its slot in the room's array. Buffers exist only while something is half done.
typedef struct connection {
    struct room *room;         // none until the handshake is done
    uint32_t index_in_room;
    int fd;
    char *input;               // half a request or half a frame
    char *backlog;             // what a full kernel buffer refused
    uint32_t input_length, backlog_length;
    struct connection *next_closing;
    uint8_t closing;
} connection;

#endif
