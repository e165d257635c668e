#ifndef LOAD_SCENARIOS_H
#define LOAD_SCENARIOS_H

#include "options.h"

// Rooms × subscribers; each room's publisher keeps `inflight` messages on their way, or publishes at `rate`.
// Echo is the same with nobody else in the room.
_Noreturn void run_fanout(const options *o);

// Holds the connections until standard input ends; the harness looks at the server meanwhile.
_Noreturn void run_idle(const options *o);

// Connects, upgrades and closes, `opening` at once.
_Noreturn void run_handshake(const options *o);

#endif
