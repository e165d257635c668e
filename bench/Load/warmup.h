// How long to warm up: the time asked for, and longer on a machine that others keep busy.
#ifndef LOAD_WARMUP_H
#define LOAD_WARMUP_H

#include "options.h"

#include <stdint.h>

typedef struct warmup {
    int64_t start, now;
    double seconds, used_at_start;
    int server_pid;
} warmup;

warmup warmup_begin(const options *o);
int warmup_done(warmup *w);

// Until when to go on before asking again.
int64_t warmup_next(const warmup *w);

#endif
