#include "options.h"
#include "dialect.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse(const char *what, const char *value) {
    fprintf(stderr, "load: %s %s\n", what, value);
    exit(2);
}

static double number(const char *name, const char *word, double low, double high) {
    char *end;
    double value = word ? strtod(word, &end) : 0;
    if (!word || *end || end == word || !(value >= low && value <= high)) {
        fprintf(stderr, "load: %s takes a number from %g to %g\n", name, low, high);
        exit(2);
    }
    return value;
}

options parse_options(int argc, char **argv) {
    options o = {
        .scenario = "fanout", .protocol = "room", .port = 9000, .cpu = -1, .rooms = 1, .subscribers = 1000, .inflight = 1,
        .size = 128, .opening = 128, .warmup = 1, .seconds = 3, .windows = 1, .hold = 60,
    };
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--scenario") && value) o.scenario = value;
        else if (!strcmp(name, "--protocol") && value) o.protocol = value;
        else if (!strcmp(name, "--port")) o.port = (int)number(name, value, 1, 65535);
        else if (!strcmp(name, "--cpu")) o.cpu = (int)number(name, value, -1, 1023);
        else if (!strcmp(name, "--second-port")) o.second_port = (int)number(name, value, 0, 65535);
        else if (!strcmp(name, "--second-pid")) o.second_pid = (int)number(name, value, 0, 1 << 30);
        else if (!strcmp(name, "--server-pid")) o.server_pid = (int)number(name, value, 0, 1 << 30);
        else if (!strcmp(name, "--rooms")) o.rooms = (int)number(name, value, 1, 1000000);
        else if (!strcmp(name, "--subscribers")) o.subscribers = (int)number(name, value, 1, 1000000);
        else if (!strcmp(name, "--inflight")) o.inflight = (int)number(name, value, 1, max_outstanding);
        else if (!strcmp(name, "--rate")) o.rate = number(name, value, 0, 100000);
        else if (!strcmp(name, "--size")) o.size = (int)number(name, value, message_head_size + 4, max_message_size);
        else if (!strcmp(name, "--opening")) o.opening = (int)number(name, value, 1, 10000);
        else if (!strcmp(name, "--warmup")) o.warmup = number(name, value, 0, 120);
        else if (!strcmp(name, "--seconds")) o.seconds = number(name, value, 0.1, 120);
        else if (!strcmp(name, "--windows")) o.windows = (int)number(name, value, 1, 100);
        else if (!strcmp(name, "--hold")) o.hold = number(name, value, 0, 600);
        else refuse("does not know", name);
    }
    if (!dialect_by_name(o.protocol)) refuse("speaks no protocol called", o.protocol);
    if ((double)o.rooms * o.subscribers > 1000000) refuse("opens at most", "1,000,000 connections");
    return o;
}
