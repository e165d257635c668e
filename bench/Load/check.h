// Every subscriber must get every message of its room, once, in order, as it was sent.
#ifndef LOAD_CHECK_H
#define LOAD_CHECK_H

#include "client.h"
#include "message.h"

#include <stdio.h>

typedef struct faults {
    uint64_t lost;       // never came
    uint64_t doubled;
    uint64_t disordered; // came after a later one
    uint64_t damaged;    // other bytes than were sent, or another room's message
    uint64_t closed;     // connections that ended by themselves
    uint64_t held_back;  // not sent because 1,024 messages of the room were still on their way
} faults;

extern faults seen_faults;

enum delivery { DELIVERY_NEW, DELIVERY_OLD };

// Tells whether the message counts as a delivery, and how many before it will never come (as far as one can know now).
enum delivery check_delivery(client *c, message m, uint32_t *skipped);

uint64_t faults_total(const faults *f);
void faults_print(FILE *to, const faults *f);

#endif
