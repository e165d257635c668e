#include "warmup.h"
#include "clock.h"
#include "usage.h"

// A compiler that runs in the background gets as little of a crowded core as the server itself: ten seconds on the clock
// may be one of work. Half of the time asked for must have been the server's, but waiting ends at three times that time.
enum { longest = 3 };
static const double share = 0.5, step = 0.25;

warmup warmup_begin(const options *o) {
    usage u = usage_now(o->server_pid);
    return (warmup){.start = u.time, .now = u.time, .seconds = o->warmup, .used_at_start = u.server, .server_pid = o->server_pid};
}

int warmup_done(warmup *w) {
    usage u = usage_now(w->server_pid);
    w->now = u.time;
    double passed = (double)(u.time - w->start) / second_ns;
    if (passed < w->seconds) return 0;
    int worked = !w->server_pid || u.server - w->used_at_start >= share * w->seconds;
    return worked || passed >= longest * w->seconds;
}

int64_t warmup_next(const warmup *w) {
    int64_t end = after_seconds(w->start, w->seconds), soon = after_seconds(w->now, step);
    return end > w->now && end < soon ? end : soon;
}
