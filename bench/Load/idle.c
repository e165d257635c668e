#include "clock.h"
#include "report.h"
#include "scenarios.h"
#include "swarm.h"

#include <poll.h>
#include <stdio.h>

static void ignore(client *c, const char *text, size_t length, int64_t now) { (void)c, (void)text, (void)length, (void)now; }

_Noreturn void run_idle(const options *o) {
    swarm s = swarm_open(o, ignore);
    printf("{\"event\":\"holding\",\"connections\":%u,\"seconds\":%.3f}\n", s.ready, s.seconds);
    fflush(stdout);

    // Sleeps between looks: nothing is timed here, and protocol pings want an answer only now and then.
    struct pollfd input = {.fd = 0, .events = POLLIN};
    int64_t end = after_seconds(now_ns(), o->hold);
    while (now_ns() < end && poll(&input, 1, 100) == 0) clients_poll(0);
    report_end(NULL);
}
