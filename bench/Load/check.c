#include "check.h"

faults seen_faults;

enum delivery check_delivery(client *c, message m, uint32_t *skipped) {
    *skipped = 0;
    if (m.room != c->room) {
        seen_faults.damaged++;
        return DELIVERY_OLD;
    }
    if (c->expected < 0) c->expected = m.sequence;

    int64_t ahead = (int64_t)m.sequence - c->expected;
    if (ahead >= 0) {
        *skipped = (uint32_t)ahead;
        seen_faults.lost += (uint64_t)ahead;
        c->missing = ahead >= 63 ? ~1ull : c->missing << (ahead + 1) | (((1ull << ahead) - 1) << 1);
        c->expected = (int64_t)m.sequence + 1;
        return DELIVERY_NEW;
    }

    int64_t age = -ahead - 1;   // 0: the newest that came
    if (age < 64 && c->missing >> age & 1) {
        c->missing &= ~(1ull << age);
        seen_faults.lost--;
        seen_faults.disordered++;
    } else {
        seen_faults.doubled++;
    }
    return DELIVERY_OLD;
}

uint64_t faults_total(const faults *f) {
    return f->lost + f->doubled + f->disordered + f->damaged + f->closed + f->held_back;
}

void faults_print(FILE *to, const faults *f) {
    fprintf(to, "{\"lost\":%lu,\"doubled\":%lu,\"disordered\":%lu,\"damaged\":%lu,\"closed\":%lu,\"held_back\":%lu}",
        f->lost, f->doubled, f->disordered, f->damaged, f->closed, f->held_back);
}
