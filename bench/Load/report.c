#include "report.h"
#include "check.h"
#include "clock.h"

#include <stdio.h>
#include <stdlib.h>

void window_begin(window *w, int server_pid) {
    histogram_clear(&w->latency);
    w->count = 0;
    w->start = usage_now(server_pid);
}

void window_end(const window *w, int server_pid, const char *counted) {
    usage end = usage_now(server_pid);
    if (end.server < 0) report_end("the server is gone");
    double server = end.server - w->start.server, load = end.load - w->start.load;
    double others = end.machine - w->start.machine - server - load;
    printf("{\"event\":\"window\",\"%s\":%lu,\"seconds\":%.6f,\"server_cpu\":%.3f,\"load_cpu\":%.3f,\"others_cpu\":%.3f,\"steal\":%.3f,",
        counted, w->count, (double)(end.time - w->start.time) / second_ns, server, load, others > 0 ? others : 0, end.steal - w->start.steal);
    printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f}\n",
        (double)histogram_at(&w->latency, 0.5) / 1000, (double)histogram_at(&w->latency, 0.99) / 1000,
        (double)histogram_at(&w->latency, 0.999) / 1000, (double)w->latency.max / 1000);
    fflush(stdout);
}

_Noreturn void report_end(const char *trouble) {
    int good = !trouble && !faults_total(&seen_faults);
    printf("{\"event\":\"end\",\"good\":%s,\"trouble\":\"%s\",\"faults\":", good ? "true" : "false", trouble ? trouble : "");
    faults_print(stdout, &seen_faults);
    printf("}\n");
    fflush(stdout);
    exit(good ? 0 : 1);
}
