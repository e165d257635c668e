// The floor: the least that a correct WebSocket room server on Linux can do. One thread, one epoll, one `send` per
// subscriber and turn for all that is pending. It has no limits, no heartbeat and no HTML escaping; it serves
// /ws/{room} to the load generator and is a yardstick, not a server to put anywhere.
#define _GNU_SOURCE
#include "connection.h"
#include "lie.h"
#include "rooms.h"
#include "sha1.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_events = 1024, read_size = 256 * 1024, max_input = 1 << 20, max_backlog = 16 << 20 };

static int epoll_fd, listen_fd;
static connection *closing_list;
static char read_buffer[max_input + read_size];   // one for all: what was half read is put in front of what comes

static void fail(const char *what) {
    perror(what);
    exit(1);
}

// Closing waits for the end of the turn: until then the events at hand and the rooms being flushed may still name it.
static void close_later(connection *c) {
    if (c->closing) return;
    c->closing = 1;
    c->next_closing = closing_list;
    closing_list = c;
}

static void close_all_due(void) {
    while (closing_list) {
        connection *c = closing_list;
        closing_list = c->next_closing;
        if (c->room) room_remove(c->room, c);
        close(c->fd);
        free(c->input);
        free(c->backlog);
        free(c);
    }
}

static void watch(connection *c, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

static void keep_backlog(connection *c, const char *data, size_t length) {
    if (c->backlog_length + length > max_backlog) { close_later(c); return; }
    int was_empty = !c->backlog_length;
    c->backlog = realloc(c->backlog, c->backlog_length + length);
    if (!c->backlog) abort();
    memcpy(c->backlog + c->backlog_length, data, length);
    c->backlog_length += (uint32_t)length;
    if (was_empty) watch(c, EPOLLIN | EPOLLOUT);
}

static void send_or_keep(connection *c, const char *data, size_t length) {
    if (c->closing || !length) return;
    if (c->backlog_length) { keep_backlog(c, data, length); return; }
    ssize_t sent = send(c->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) { close_later(c); return; }
    if (sent < 0) sent = 0;
    if ((size_t)sent < length) keep_backlog(c, data + sent, length - (size_t)sent);
}

static void send_backlog(connection *c) {
    ssize_t sent = send(c->fd, c->backlog, c->backlog_length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        if (errno != EAGAIN) close_later(c);
        return;
    }
    c->backlog_length -= (uint32_t)sent;
    memmove(c->backlog, c->backlog + sent, c->backlog_length);
    if (c->backlog_length) return;
    free(c->backlog);
    c->backlog = NULL;
    watch(c, EPOLLIN);
}

static void flush_room(room *r) {
    for (uint32_t i = 0; i < r->count; i++) {
        const char *frames = r->pending;
        size_t length = r->pending_length;
        if (lie_kind) frames = lie_about(frames, &length, r->pending_frames);
        send_or_keep(r->members[i], frames, length);
    }
    r->pending_length = 0;
    r->pending_frames = 0;
    r->dirty = 0;
}

// Returns how many bytes were the request: 0 if its end isn't there yet.
static size_t read_handshake(connection *c, char *data, size_t length) {
    char *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end) return 0;
    *end = 0;
    char *path = strstr(data, "GET /ws/"), *key = strcasestr(data, "\r\nSec-WebSocket-Key:");
    if (path != data || !key) { close_later(c); return length; }
    key += strlen("\r\nSec-WebSocket-Key:");
    key += strspn(key, " ");
    path += strlen("GET /ws/");

    char accept[29], response[160];
    websocket_accept(key, (int)strcspn(key, " \r"), accept);
    int size = snprintf(response, sizeof response,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    send_or_keep(c, response, (size_t)size);
    room_add(room_find_or_create(path, strcspn(path, " ?")), c);
    return (size_t)(end + 4 - data);
}

static void on_frame(connection *c, int opcode, char *payload, size_t length) {
    switch (opcode) {
    case 0x1:
        room_publish(c->room, payload, length);
        break;
    case 0x8: {
        char close_frame[4] = {(char)0x88, length >= 2 ? 2 : 0};
        if (length >= 2) memcpy(close_frame + 2, payload, 2);
        send_or_keep(c, close_frame, 2u + (length >= 2 ? 2 : 0));
        close_later(c);
        break;
    }
    case 0x9: {
        char pong[127] = {(char)0x8A, (char)length};
        memcpy(pong + 2, payload, length);
        send_or_keep(c, pong, 2 + length);
        break;
    }
    case 0xA:
        break;
    default:
        close_later(c);   // neither fragments nor binary: no scenario sends any
    }
}

static void unmask(char *payload, size_t length, const char mask[4]) {
    uint32_t mask32;
    memcpy(&mask32, mask, 4);
    uint64_t mask64 = (uint64_t)mask32 << 32 | mask32, word;
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        memcpy(&word, payload + i, 8);
        word ^= mask64;
        memcpy(payload + i, &word, 8);
    }
    for (; i < length; i++) payload[i] ^= mask[i & 3];
}

// Returns how many bytes were the frame: 0 if it isn't complete yet.
static size_t read_frame(connection *c, char *data, size_t length) {
    const uint8_t *head = (const uint8_t *)data;
    if (length < 2) return 0;
    size_t payload = head[1] & 127, header = 6;
    if (payload == 126) header = 8;
    if (payload == 127) header = 14;
    if (length < header) return 0;
    if (payload == 126) payload = (size_t)head[2] << 8 | head[3];
    if (payload == 127) for (payload = 0, head += 2; head < (uint8_t *)data + 10; head++) payload = payload << 8 | *head;

    head = (const uint8_t *)data;
    int is_control = head[0] & 8;
    if (!(head[1] & 128) || !(head[0] & 128) || payload > max_input - 14 || (is_control && payload > 125)) {
        close_later(c);
        return length;
    }
    if (length < header + payload) return 0;
    unmask(data + header, payload, data + header - 4);
    on_frame(c, head[0] & 15, data + header, payload);
    return header + payload;
}

static void on_readable(connection *c) {
    size_t length = c->input_length;
    if (length) memcpy(read_buffer, c->input, length);
    ssize_t got = recv(c->fd, read_buffer + length, read_size, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { close_later(c); return; }
    length += (size_t)got;

    char *at = read_buffer;
    while (length && !c->closing) {
        size_t used = c->room ? read_frame(c, at, length) : read_handshake(c, at, length);
        if (!used) break;
        at += used;
        length -= used;
    }
    if (c->closing) return;
    if (length > max_input) { close_later(c); return; }
    if (!length && !c->input) return;
    free(c->input);
    c->input = NULL;
    if (length) {
        c->input = malloc(length);
        if (!c->input) abort();
        memcpy(c->input, at, length);
    }
    c->input_length = (uint32_t)length;
}

static void accept_all(void) {
    for (int i = 0; i < 256; i++) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
        if (fd < 0) return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        connection *c = calloc(1, sizeof *c);
        if (!c) abort();
        c->fd = fd;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
    }
}

static void listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listen_fd, (struct sockaddr *)&address, sizeof address)) fail("bind");
    if (listen(listen_fd, 65535)) fail("listen");   // the kernel cuts it to somaxconn
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &event)) fail("epoll_ctl");
}

int main(int argc, char **argv) {
    int port = 9000;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--port")) { port = atoi(value); i++; }
        else if (!strcmp(argv[i], "--lie") && (int)(lie_kind = lie_parse(value)) >= 0) i++;
        else { fprintf(stderr, "usage: floor [--port N] [--lie drop|double|swap|damage]\n"); return 2; }
    }
    signal(SIGPIPE, SIG_IGN);
    listen_on(port);

    static struct epoll_event events[max_events];
    for (;;) {
        int count = epoll_wait(epoll_fd, events, max_events, -1);
        for (int i = 0; i < count; i++) {
            connection *c = events[i].data.ptr;
            if (!c) { accept_all(); continue; }
            if (c->closing) continue;
            if (events[i].events & EPOLLOUT) send_backlog(c);
            if (!c->closing && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(c);
        }
        for (room *r = rooms_take_dirty(), *next; r; r = next) {
            next = r->next_dirty;
            flush_room(r);
        }
        close_all_due();
    }
}
