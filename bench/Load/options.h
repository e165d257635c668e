#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

typedef struct options {
    const char *scenario;    // fanout, echo, idle or handshake
    const char *protocol;    // a name in dialect.c
    int port;
    int second_port;         // where clients with odd numbers connect; 0: there is one node
    int second_pid;          // that node, where its CPU time is read
    int cpu;                 // the core to stay on; -1: any
    int server_pid;          // whose CPU time is read at the edges of each window; 0: nobody's
    int rooms, subscribers;  // connections = rooms × subscribers, the publisher is one of them
    int inflight;            // messages of one room on their way at once
    double rate;             // messages per second and room; 0: as fast as `inflight` lets them
    int size;                // bytes of a message
    int opening;             // handshakes at once while connections are opened
    double warmup, seconds;  // before the first window; each window
    int windows;
    double hold;             // idle: leave after so many seconds if nobody asks earlier
} options;

// Prints what is wrong and exits if the words make no sense.
options parse_options(int argc, char **argv);

#endif
