#include "dialect.h"

#include <stdio.h>
#include <string.h>

// room: /ws/{room} joins, a plain text publishes to everybody there, the sender too.

static int room_path(char *to, size_t size, uint32_t room) { return snprintf(to, size, "/ws/b%06x", room); }

static int room_join(char *to, size_t size, uint32_t room, int step) {
    (void)to, (void)size, (void)room, (void)step;
    return 0;
}

static int room_before(char *to, size_t size, uint32_t room) {
    (void)to, (void)size, (void)room;
    return 0;
}

// signalr: the JSON protocol, its records ended by 0x1E; WebSockets without negotiation.

static int signalr_path(char *to, size_t size, uint32_t room) {
    (void)room;
    return snprintf(to, size, "/hub");
}

static int signalr_join(char *to, size_t size, uint32_t room, int step) {
    switch (step) {
    case 0: return snprintf(to, size, "{\"protocol\":\"json\",\"version\":1}\x1e");
    case 1: return snprintf(to, size, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Join\",\"arguments\":[\"b%06x\"]}\x1e", room);
    default: return 0;
    }
}

static int signalr_before(char *to, size_t size, uint32_t room) {
    return snprintf(to, size, "{\"type\":1,\"target\":\"Send\",\"arguments\":[\"b%06x\",\"", room);
}

// connect: Tidings' channel protocol. What comes back to the subscription is `connected` and `subscribed`; the pong is passed over.

static int connect_path(char *to, size_t size, uint32_t room) {
    (void)room;
    return snprintf(to, size, "/connect?ping=frame");
}

static int connect_join(char *to, size_t size, uint32_t room, int step) {
    switch (step) {
    case 0: return snprintf(to, size, "{\"type\":\"subscribe\",\"channel\":\"chat:b%06x\"}", room);
    case 1: return snprintf(to, size, "{\"type\":\"ping\"}");
    default: return 0;
    }
}

static int connect_before(char *to, size_t size, uint32_t room) {
    return snprintf(to, size, "{\"type\":\"publish\",\"channel\":\"chat:b%06x\",\"data\":\"", room);
}

static const dialect dialects[] = {
    {"room", room_path, room_join, 0, room_before, "", ""},
    {"deflate", room_path, room_join, 0, room_before, "", "Sec-WebSocket-Extensions: permessage-deflate\r\n"},
    {"connect", connect_path, connect_join, 0, connect_before, "\"}", ""},
    {"signalr", signalr_path, signalr_join, 1, signalr_before, "\"]}\x1e", ""},
};

const dialect *dialect_by_name(const char *name) {
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (!strcmp(dialects[i].name, name)) return &dialects[i];
    return NULL;
}
