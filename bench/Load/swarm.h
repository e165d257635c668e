// Many connections, opened in bulk with a bounded number of handshakes at once.
#ifndef LOAD_SWARM_H
#define LOAD_SWARM_H

#include "client.h"
#include "options.h"

typedef struct swarm {
    client *clients;      // those of one room are neighbours: room r has clients[r × subscribers …]
    uint32_t count, ready;
    double seconds;       // what opening took
} swarm;

// Ends the run with a report if the server refuses one or 120 s pass. Handler's `ready` and `closed` are the swarm's own.
swarm swarm_open(const options *o, void (*text)(client *c, const char *text, size_t length, int64_t now));

#endif
