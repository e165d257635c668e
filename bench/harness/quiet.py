"""Waits for a machine that does nothing else."""

import os
import time

QUIET = 0.2   # of a core: with more than this for other programs, figures are worth little


def busy_seconds() -> float:
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def wait(longest: float) -> None:
    """Returns once two seconds were quiet, or when the time is up."""
    end = time.monotonic() + longest
    while time.monotonic() + 2 <= end:
        before = busy_seconds()
        time.sleep(2)
        if (busy_seconds() - before) / 2 <= QUIET:
            return
