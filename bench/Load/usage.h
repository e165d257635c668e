// Who used the processor: read from /proc at the edges of a measuring window.
#ifndef LOAD_USAGE_H
#define LOAD_USAGE_H

#include <stdint.h>

typedef struct usage {
    int64_t time;     // ns
    double server;    // CPU seconds of the whole process, its dead threads and the kernel's part included
    double load;      // our own
    double machine;   // all cores, everybody
    double steal;     // taken from this machine by its host
} usage;

// Another node of the same server: its CPU time is counted with the first one's.
void usage_also(int pid);

// A pid of 0 reads as 0 seconds; -1 seconds is a server that is gone.
usage usage_now(int server_pid);

#endif
