// One WebSocket connection of the load: connects, upgrades, joins, then hands up every text that comes.
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include "dialect.h"

#include <stddef.h>
#include <stdint.h>

enum client_state { CLIENT_CLOSED, CLIENT_CONNECTING, CLIENT_UPGRADING, CLIENT_JOINING, CLIENT_READY, CLIENT_CLOSING };

typedef struct buffer {
    char *data;
    size_t length;
} buffer;

typedef struct client {
    int fd;
    enum client_state state;
    uint32_t number, room;
    int join_step;
    buffer partial;      // half a frame, or half an HTTP head
    buffer fragments;    // the frames of an unfinished message
    buffer unsent;
    int64_t opened_at;
    int64_t expected;    // sequence of the next message; -1 until the first came
    uint64_t missing;    // bit n: the message n before `expected`, less one, never came
} client;

// What the scenario does with them. `closed` is called once per opened client, also for one that never got through.
typedef struct client_handler {
    const dialect *dialect;
    int join_steps;      // stop joining after so many steps; -1: all of them
    void (*ready)(client *c, int64_t now);
    void (*text)(client *c, const char *text, size_t length, int64_t now);
    void (*closed)(client *c, const char *why);
} client_handler;

void clients_init(int port, int second_port, client_handler handler);

// `number` chooses the source address: 127.0.0.0/8 is ours, and one address has 28,000 ports.
void client_open(client *c, uint32_t number, uint32_t room);

// Takes what epoll has, waiting at most so long (0 while measuring); returns the number of events.
int clients_poll(int timeout_ms);

// Room for the frame of a message of so many bytes with what the dialect puts around it.
size_t client_frame_size(size_t message_size);

// Makes a masked text frame that publishes the message; returns its size.
size_t client_frame(char *to, uint32_t room, const char *message, size_t message_size);

void client_send(client *c, const char *data, size_t length);
void client_send_close(client *c);
void client_drop(client *c, const char *why);

#endif
