// How a server wants to be spoken to: what to ask for, what to say until the room is joined, how to publish.
// Reading needs nothing: messages are found by their marker.
#ifndef LOAD_DIALECT_H
#define LOAD_DIALECT_H

#include <stddef.h>
#include <stdint.h>

typedef struct dialect {
    const char *name;

    // The path of the upgrade request.
    int (*path)(char *to, size_t size, uint32_t room);

    // The text to send as the given step after the 101; each text that comes back leads to the next step.
    // 0: nothing more to say, the room is joined.
    int (*join)(char *to, size_t size, uint32_t room, int step);

    // How many of those steps make a connection that works but is in no room: where the handshake scenario stops.
    int handshake_steps;

    // The text around a message that publishes it: what goes before it and after it.
    int (*before)(char *to, size_t size, uint32_t room);
    const char *after;

    // More headers of the upgrade request, each with its line end.
    const char *headers;
} dialect;

const dialect *dialect_by_name(const char *name);

#endif
