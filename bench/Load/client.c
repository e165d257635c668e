#define _GNU_SOURCE
#include "client.h"
#include "clock.h"
#include "frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { read_size = 256 * 1024, max_events = 1024, connections_per_address = 20000, addresses = 200 };

static client_handler handler;
static int ports[2], epoll_fd;
static char *read_buffer;
static size_t read_capacity;

void clients_init(int port, int second_port, client_handler h) {
    ports[0] = port;
    ports[1] = second_port ? second_port : port;
    handler = h;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
}

static void *sized(void *memory, size_t size) {
    memory = realloc(memory, size);
    if (!memory) abort();
    return memory;
}

static void buffer_append(buffer *b, const char *data, size_t length) {
    b->data = sized(b->data, b->length + length);
    memcpy(b->data + b->length, data, length);
    b->length += length;
}

static void buffer_free(buffer *b) {
    free(b->data);
    *b = (buffer){0};
}

void client_drop(client *c, const char *why) {
    if (c->state == CLIENT_CLOSED) return;
    c->state = CLIENT_CLOSED;
    close(c->fd);
    buffer_free(&c->partial);
    buffer_free(&c->fragments);
    buffer_free(&c->unsent);
    handler.closed(c, why);
}

void client_open(client *c, uint32_t number, uint32_t room) {
    *c = (client){.state = CLIENT_CONNECTING, .number = number, .room = room, .opened_at = now_ns(), .expected = -1};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) { client_drop(c, strerror(errno)); return; }

    int one = 1;
    uint32_t address = INADDR_LOOPBACK + 1 + number / connections_per_address % addresses;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)ports[number % 2]), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)
        || (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)) {
        client_drop(c, strerror(errno));
        return;
    }
    // Edge-triggered: a socket read to its end costs nothing until more comes.
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

void client_send(client *c, const char *data, size_t length) {
    if (c->state == CLIENT_CLOSED) return;
    ssize_t sent = c->unsent.length ? 0 : send(c->fd, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) { client_drop(c, strerror(errno)); return; }
    if (sent < 0) sent = 0;
    if ((size_t)sent < length) buffer_append(&c->unsent, data + sent, length - (size_t)sent);
}

static void send_unsent(client *c) {
    ssize_t sent = send(c->fd, c->unsent.data, c->unsent.length, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) client_drop(c, strerror(errno));
        return;
    }
    c->unsent.length -= (size_t)sent;
    if (c->unsent.length) memmove(c->unsent.data, c->unsent.data + sent, c->unsent.length);
    else buffer_free(&c->unsent);
}

size_t client_frame_size(size_t message_size) { return message_size + 256 + max_frame_header; }

size_t client_frame(char *to, uint32_t room, const char *message, size_t message_size) {
    char before[256];
    size_t before_size = (size_t)handler.dialect->before(before, sizeof before, room);
    const char *parts[3] = {before, message, handler.dialect->after};
    size_t lengths[3] = {before_size, message_size, strlen(handler.dialect->after)};
    return frame_write(to, OPCODE_TEXT, parts, lengths);
}

static void send_frame(client *c, enum opcode opcode, const char *payload, size_t length) {
    char data[512 + max_frame_header];
    client_send(c, data, frame_write(data, opcode, (const char *[3]){payload, "", ""}, (size_t[3]){length, 0, 0}));
}

void client_send_close(client *c) {
    c->state = CLIENT_CLOSING;
    send_frame(c, OPCODE_CLOSE, "\x03\xe8", 2);
}

// RFC 6455 §1.3's own sample, so that the right answer needs no SHA-1 here.
static void send_upgrade(client *c) {
    char path[128], request[512];
    handler.dialect->path(path, sizeof path, c->room);
    int size = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", path, ports[c->number % 2], handler.dialect->headers);
    c->state = CLIENT_UPGRADING;
    client_send(c, request, (size_t)size);
}

static void join_on(client *c, int64_t now) {
    char text[512];
    int size = c->join_step == handler.join_steps ? 0 : handler.dialect->join(text, sizeof text, c->room, c->join_step);
    c->join_step++;
    c->state = size ? CLIENT_JOINING : CLIENT_READY;
    if (size) send_frame(c, OPCODE_TEXT, text, (size_t)size);
    else handler.ready(c, now);
}

static long read_response(client *c, const char *data, size_t length, int64_t now) {
    const char *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end) return length > 16384 ? -1 : 0;
    if (strncmp(data, "HTTP/1.1 101", 12)) {
        char why[64];
        snprintf(why, sizeof why, "answered %.*s", (int)strcspn(data, "\r"), data);
        client_drop(c, why);
    } else if (!memmem(data, (size_t)(end - data), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28)) {
        client_drop(c, "wrong Sec-WebSocket-Accept");
    } else {
        join_on(c, now);
    }
    return end + 4 - data;
}

static void on_text(client *c, const char *text, size_t length, int64_t now) {
    if (c->state == CLIENT_READY) handler.text(c, text, length, now);
    else if (c->state == CLIENT_JOINING && memmem(text, length, "\"error\":", 8)) client_drop(c, "refused to join");
    else if (c->state == CLIENT_JOINING) join_on(c, now);
}

static long read_one_frame(client *c, const char *data, size_t length, int64_t now) {
    frame f;
    long size = frame_read(data, length, &f);
    if (size <= 0) return size;
    if (f.is_compressed && !(*handler.dialect->headers && f.is_final && frame_inflate(&f))) return -1;
    switch (f.opcode) {
    case OPCODE_TEXT:
    case OPCODE_BINARY:
    case OPCODE_CONTINUATION:
        if (f.is_final && !c->fragments.length) {
            on_text(c, f.payload, f.length, now);
        } else {
            buffer_append(&c->fragments, f.payload, f.length);
            if (!f.is_final) break;
            buffer whole = c->fragments;
            c->fragments = (buffer){0};
            on_text(c, whole.data, whole.length, now);
            free(whole.data);
        }
        break;
    case OPCODE_PING:
        send_frame(c, OPCODE_PONG, f.payload, f.length < 126 ? f.length : 125);
        break;
    case OPCODE_CLOSE:
        if (c->state != CLIENT_CLOSING) client_drop(c, "the server sent a close frame");
        break;
    case OPCODE_PONG:
        break;
    default:
        return -1;
    }
    return size;
}

enum outcome { READ_NOTHING, READ_SHORT, READ_FULL };

static enum outcome read_some(client *c) {
    size_t length = c->partial.length;
    if (read_capacity < length + read_size) read_buffer = sized(read_buffer, read_capacity = length + read_size);
    ssize_t got = recv(c->fd, read_buffer + length, read_size, 0);
    if (got < 0 && errno == EAGAIN) return READ_NOTHING;
    if (got <= 0) { client_drop(c, got ? strerror(errno) : "the server closed"); return READ_NOTHING; }
    if (length) memcpy(read_buffer, c->partial.data, length);
    buffer_free(&c->partial);
    length += (size_t)got;

    int64_t now = now_ns();
    const char *at = read_buffer;
    while (length && c->state != CLIENT_CLOSED) {
        long used = c->state == CLIENT_UPGRADING ? read_response(c, at, length, now) : read_one_frame(c, at, length, now);
        if (used < 0) { client_drop(c, "the server broke the protocol"); return READ_NOTHING; }
        if (!used) break;
        at += used;
        length -= (size_t)used;
    }
    if (c->state == CLIENT_CLOSED) return READ_NOTHING;
    if (length) buffer_append(&c->partial, at, length);
    return got == read_size ? READ_FULL : READ_SHORT;
}

// A short read was all there is, unless the peer's end of stream is behind it: that raises no edge of its own.
static void read_all(client *c, int to_the_end) {
    enum outcome outcome;
    do outcome = read_some(c);
    while (outcome == READ_FULL || (outcome == READ_SHORT && to_the_end));
}

int clients_poll(int timeout_ms) {
    static struct epoll_event events[max_events];
    int count = epoll_wait(epoll_fd, events, max_events, timeout_ms);
    for (int i = 0; i < count; i++) {
        client *c = events[i].data.ptr;
        uint32_t what = events[i].events;
        if (c->state == CLIENT_CLOSED) continue;
        if (what & EPOLLOUT && c->unsent.length) send_unsent(c);
        if (what & EPOLLOUT && c->state == CLIENT_CONNECTING && !(what & (EPOLLERR | EPOLLHUP))) send_upgrade(c);
        if (c->state != CLIENT_CLOSED && what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
            read_all(c, (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    }
    return count;
}
