#include "swarm.h"
#include "check.h"
#include "clock.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t ready;

static void on_ready(client *c, int64_t now) {
    (void)c, (void)now;
    ready++;
}

// No scenario that holds connections lets the server end one.
static void on_closed(client *c, const char *why) {
    static char trouble[160];
    seen_faults.closed++;
    snprintf(trouble, sizeof trouble, "connection %u (%u were open): %s", c->number, ready, why);
    report_end(trouble);
}

swarm swarm_open(const options *o, void (*text)(client *, const char *, size_t, int64_t)) {
    swarm s = {.count = (uint32_t)o->rooms * (uint32_t)o->subscribers};
    s.clients = calloc(s.count, sizeof *s.clients);
    if (!s.clients) abort();
    clients_init(o->port, o->second_port, (client_handler){dialect_by_name(o->protocol), -1, on_ready, text, on_closed});

    int64_t start = now_ns();
    for (uint32_t opened = 0; ready < s.count;) {
        while (opened < s.count && opened - ready < (uint32_t)o->opening) {
            client_open(&s.clients[opened], opened, opened / (uint32_t)o->subscribers);
            opened++;
        }
        clients_poll(10);
        if (now_ns() > after_seconds(start, 120)) report_end("opening the connections took more than 120 s");
    }
    s.ready = ready;
    s.seconds = (double)(now_ns() - start) / second_ns;
    return s;
}
