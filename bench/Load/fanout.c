#include "check.h"
#include "client.h"
#include "clock.h"
#include "message.h"
#include "report.h"
#include "scenarios.h"
#include "swarm.h"
#include "warmup.h"

#include <stdlib.h>
#include <string.h>

typedef struct room {
    client *publisher;                  // the first of its subscribers
    uint32_t next;                      // sequence of the next message
    uint32_t outstanding;               // messages that somebody still waits for
    uint16_t to_send;
    uint8_t queued;                     // on the list of rooms that may send
    uint32_t waiting[max_outstanding];  // subscribers still without message n, at n % max_outstanding
} room;

static const options *opt;
static swarm all;
static room *rooms;
static uint32_t *queue, queue_length;   // rooms that may send
static window current;
static int measuring, publishing;
static int64_t last_progress;
static uint64_t outstanding_total;
static char *frames;                    // what one room sends in one turn

static void may_send(uint32_t number, uint16_t messages) {
    room *r = &rooms[number];
    r->to_send += messages;
    if (r->queued) return;
    r->queued = 1;
    queue[queue_length++] = number;
}

static void arrived(uint32_t number, uint32_t sequence) {
    room *r = &rooms[number];
    if (r->next - sequence > max_outstanding) return;
    uint32_t *waiting = &r->waiting[sequence % max_outstanding];
    if (!*waiting || --*waiting) return;
    r->outstanding--;
    outstanding_total--;
    if (publishing && !opt->rate) may_send(number, 1);
}

static void on_text(client *c, const char *text, size_t length, int64_t now) {
    message m;
    for (enum found found; (found = message_next(&text, &length, &m)) != FOUND_NONE;) {
        uint32_t skipped;
        if (found == FOUND_DAMAGED) { seen_faults.damaged++; continue; }
        if (check_delivery(c, m, &skipped) == DELIVERY_OLD) continue;
        last_progress = now;
        if (measuring) {
            current.count++;
            histogram_add(&current.latency, now - m.time);
        }
        // What never came counts as arrived, so that the flow goes on and the fault is counted, not waited for.
        for (; skipped; skipped--) arrived(c->room, m.sequence - skipped);
        arrived(c->room, m.sequence);
    }
}

static size_t add_message(room *r, uint32_t number, int64_t time, char *to) {
    static char text[max_message_size];
    message_write(text, (message){.room = number, .sequence = r->next, .time = time});
    r->waiting[r->next % max_outstanding] = (uint32_t)opt->subscribers;
    r->next++;
    r->outstanding++;
    outstanding_total++;
    return client_frame(to, number, text, (size_t)opt->size);
}

// All that a room may send goes out in one `send`, as a busy publisher's messages would.
static void send_queued(int64_t time) {
    for (uint32_t i = 0; i < queue_length; i++) {
        room *r = &rooms[queue[i]];
        size_t length = 0;
        for (; r->to_send; r->to_send--) length += add_message(r, queue[i], time, frames + length);
        r->queued = 0;
        client_send(r->publisher, frames, length);
    }
    queue_length = 0;
}

// Rooms take turns, evenly spread over the period. A message's time is when it was due, not when it was sent:
// a server that stalls pays for those that had to wait.
static void send_due(int64_t start, uint64_t *sent, int64_t now) {
    double gap = second_ns / opt->rate / opt->rooms;
    for (int64_t due; (due = start + (int64_t)((double)*sent * gap)) <= now; ++*sent) {
        uint32_t number = (uint32_t)(*sent % (uint64_t)opt->rooms);
        if (rooms[number].outstanding == max_outstanding) { seen_faults.held_back++; continue; }
        may_send(number, 1);
        send_queued(due);
    }
}

static void check_stall(int64_t now) {
    if (!outstanding_total || now < after_seconds(last_progress, 5)) return;
    for (int i = 0; i < opt->rooms; i++)
        for (int n = 0; n < max_outstanding; n++) seen_faults.lost += rooms[i].waiting[n];
    report_end("nothing came for 5 s while messages were on their way");
}

static void run_until(int64_t end) {
    static int64_t rate_start;
    static uint64_t rate_sent;
    if (!rate_start) rate_start = last_progress = now_ns();
    for (int64_t now; (now = now_ns()) < end;) {
        clients_poll(0);
        if (opt->rate && publishing) send_due(rate_start, &rate_sent, now);
        else send_queued(now_ns());
        check_stall(now);
    }
}

// A server may answer 101 before it has put the connection into its room: rounds of one message per room, until one
// has reached everybody.
static void synchronise(void) {
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < opt->rooms; i++) {
            memset(rooms[i].waiting, 0, sizeof rooms[i].waiting);
            rooms[i].outstanding = 0;
            may_send((uint32_t)i, 1);
        }
        outstanding_total = 0;
        send_queued(now_ns());
        int64_t end = after_seconds(now_ns(), 0.25);
        while (outstanding_total && now_ns() < end) clients_poll(1);
        if (outstanding_total) continue;
        return;
    }
    report_end("no message reached everybody after joining");
}

_Noreturn void run_fanout(const options *o) {
    opt = o;
    message_init((size_t)o->size);
    rooms = calloc((size_t)o->rooms, sizeof *rooms);
    queue = calloc((size_t)o->rooms, sizeof *queue);
    frames = malloc((size_t)(o->inflight + 1) * client_frame_size((size_t)o->size));
    if (!rooms || !queue || !frames) abort();
    all = swarm_open(o, on_text);
    for (int i = 0; i < o->rooms; i++) rooms[i].publisher = &all.clients[i * o->subscribers];
    synchronise();

    publishing = 1;
    if (!o->rate)
        for (int i = 0; i < o->rooms; i++) may_send((uint32_t)i, (uint16_t)o->inflight);
    for (warmup w = warmup_begin(o); !warmup_done(&w);) run_until(warmup_next(&w));
    for (int i = 0; i < o->windows; i++) {
        window_begin(&current, o->server_pid);
        measuring = 1;
        run_until(after_seconds(now_ns(), o->seconds));
        measuring = 0;
        window_end(&current, o->server_pid, "deliveries");
    }

    publishing = 0;
    queue_length = 0;
    int64_t end = after_seconds(now_ns(), 10);
    while (outstanding_total && now_ns() < end) {
        clients_poll(1);
        check_stall(now_ns());
    }
    report_end(outstanding_total ? "messages were still on their way 10 s after the end" : NULL);
}
