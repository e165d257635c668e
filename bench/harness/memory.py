"""How much memory a process holds, and when that has come to rest."""

import time


def read_kilobytes(path: str, key: str) -> int:
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0


def resident(pid: int) -> int:
    return read_kilobytes(f"/proc/{pid}/status", "VmRSS:")


def proportional(pid: int) -> int:
    return read_kilobytes(f"/proc/{pid}/smaps_rollup", "Pss:")


def settle(pid: int, still: float, longest: float) -> float:
    """Waits until resident memory has moved by less than 256 KB for so many seconds; returns the seconds it took."""
    start = time.monotonic()
    since, level = start, resident(pid)
    while (now := time.monotonic()) - start < longest and now - since < still:
        time.sleep(0.25)
        if abs((current := resident(pid)) - level) > 256 * 1024:
            since, level = time.monotonic(), current
    return time.monotonic() - start
