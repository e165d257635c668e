// The load generator. It polls while it measures and never sleeps, or the server would pay for waking it; it checks every
// delivery; it stops by itself. What it prints is for bench/run.py: one JSON object per line.
#define _GNU_SOURCE
#include "options.h"
#include "scenarios.h"
#include "usage.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void stay_on(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set)) perror("load: sched_setaffinity");
}

static void allow_many_files(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv) {
    options o = parse_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    // Whatever goes wrong: opening and draining have their own limits, this one is for the rest.
    alarm((unsigned)(3 * o.warmup + o.windows * o.seconds + o.hold + 180));
    allow_many_files();
    if (o.cpu >= 0) stay_on(o.cpu);
    usage_also(o.second_pid);

    if (!strcmp(o.scenario, "fanout")) run_fanout(&o);
    if (!strcmp(o.scenario, "idle")) run_idle(&o);
    if (!strcmp(o.scenario, "handshake")) run_handshake(&o);
    if (!strcmp(o.scenario, "echo")) {
        o.subscribers = 1;
        run_fanout(&o);
    }
    fprintf(stderr, "load: no scenario called %s\n", o.scenario);
    return 2;
}
