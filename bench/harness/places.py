"""Where things are, and which core does what."""

import os
import resource
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
BINARIES = ROOT / "artifacts" / "bench"
RESULTS = BENCH / "results"

LOAD = BINARIES / "load"
FLOOR = BINARIES / "floor"


def assembly(project: str) -> Path:
    return ROOT / "artifacts" / "bin" / project / "release" / f"{project}.dll"


def cores() -> tuple[int, int]:
    """The load generator's core and the server's."""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        raise SystemExit("benchmark: two cores are needed, one for the load generator that polls and one for the server")
    return mine[0], mine[1]


def allow_many_files() -> int:
    """Raises the limit of open files as far as we may; the servers inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (1_000_000, 200_000, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            return wanted
        except (ValueError, OSError):
            continue
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
