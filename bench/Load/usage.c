#include "usage.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

// utime and stime of /proc/<pid>/stat together are exact to a tick (10 ms): the kernel scales their sum to the run time
// that the scheduler has measured, and softirq work done inside `send` (the receiver's half of loopback TCP) counts as well.
static double server_seconds(int pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    size_t got = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[got] = 0;
    unsigned long user, system;
    char state, *after_name = strrchr(line, ')');   // the name may hold anything
    if (!after_name || sscanf(after_name + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &state, &user, &system) != 3) return -1;
    return state == 'Z' ? -1 : (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void machine_seconds(usage *u) {
    unsigned long user, nice, system, idle, iowait, irq, softirq, steal;
    FILE *file = fopen("/proc/stat", "r");
    if (!file) return;
    if (fscanf(file, "cpu %lu %lu %lu %lu %lu %lu %lu %lu", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal) == 8) {
        double tick = (double)sysconf(_SC_CLK_TCK);
        u->machine = (double)(user + nice + system + irq + softirq) / tick;
        u->steal = (double)steal / tick;
    }
    fclose(file);
}

static int second_pid;

void usage_also(int pid) { second_pid = pid; }

usage usage_now(int server_pid) {
    usage u = {.time = now_ns(), .server = server_pid ? server_seconds(server_pid) : 0};
    if (second_pid && u.server >= 0) {
        double second = server_seconds(second_pid);
        u.server = second < 0 ? -1 : u.server + second;
    }
    struct timespec own;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    u.load = (double)own.tv_sec + (double)own.tv_nsec / second_ns;
    machine_seconds(&u);
    return u;
}
