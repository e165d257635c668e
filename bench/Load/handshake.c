#include "check.h"
#include "client.h"
#include "clock.h"
#include "report.h"
#include "scenarios.h"
#include "warmup.h"

#include <stdio.h>
#include <stdlib.h>

static window current;
static client *slots;
static uint32_t *closed_slots, closed_count;
static char trouble[160];

static void on_ready(client *c, int64_t now) {
    current.count++;
    histogram_add(&current.latency, now - c->opened_at);
    client_send_close(c);
}

static void on_text(client *c, const char *text, size_t length, int64_t now) { (void)c, (void)text, (void)length, (void)now; }

static void on_closed(client *c, const char *why) {
    // Reopened by the loop: this runs inside the read of the connection that just ended.
    closed_slots[closed_count++] = (uint32_t)(c - slots);
    if (c->opened_at && c->join_step) return;   // it got through; how its end looks is the server's business
    seen_faults.closed++;
    snprintf(trouble, sizeof trouble, "a handshake failed: %s", why);
}

static void run_until(const options *o, int64_t end, uint32_t *opened) {
    int64_t next_look = 0;
    for (int64_t now; (now = now_ns()) < end;) {
        while (closed_count) {
            client *c = &slots[closed_slots[--closed_count]];
            client_open(c, *opened, *opened % (uint32_t)o->rooms);
            // Neighbours in time come from different addresses: a closed connection's port rests for a minute.
            *opened += 20001;
            if (c->state == CLIENT_CLOSED) break;
        }
        clients_poll(0);
        if (seen_faults.closed > 100) report_end(trouble);
        if (now < next_look) continue;
        next_look = after_seconds(now, 0.5);
        for (int i = 0; i < o->opening; i++)
            if (now > after_seconds(slots[i].opened_at, 5)) client_drop(&slots[i], "took more than 5 s");
    }
}

_Noreturn void run_handshake(const options *o) {
    const dialect *d = dialect_by_name(o->protocol);
    clients_init(o->port, o->second_port, (client_handler){d, d->handshake_steps, on_ready, on_text, on_closed});
    slots = calloc((size_t)o->opening, sizeof *slots);
    closed_slots = calloc((size_t)o->opening, sizeof *closed_slots);
    if (!slots || !closed_slots) abort();
    for (int i = 0; i < o->opening; i++) closed_slots[closed_count++] = (uint32_t)i;

    uint32_t opened = 0;
    for (warmup w = warmup_begin(o); !warmup_done(&w);) run_until(o, warmup_next(&w), &opened);
    for (int i = 0; i < o->windows; i++) {
        window_begin(&current, o->server_pid);
        run_until(o, after_seconds(now_ns(), o->seconds), &opened);
        window_end(&current, o->server_pid, "handshakes");
    }
    report_end(trouble[0] ? trouble : NULL);
}
