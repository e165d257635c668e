"""A load generator that overlooks faults measures nothing: a floor that lies must be caught at each kind of lie."""

from dataclasses import replace

from . import build, load
from .places import cores
from .process import RunningServer
from .servers import SERVERS

# (the lie, the fault it must be counted as, messages in flight)
LIES = [
    ("none", None, 4),
    ("drop", "lost", 4),
    ("drop", "lost", 1),   # the last message on its way: nothing follows that would show the gap
    ("double", "doubled", 4),
    ("swap", "disordered", 4),
    ("damage", "damaged", 4),
]


def caught(lie: str, fault: str | None, inflight: int) -> tuple[bool, str]:
    honest = next(server for server in SERVERS if server.name == "floor")
    liar = replace(honest, name="floor-liar", command=lambda port: [*honest.command(port), "--lie", lie])
    load_core, server_core = cores()
    with RunningServer(liar, (server_core,)) as running:
        windows, end = load.run(running, "room", load_core, [
            "--scenario", "fanout", "--rooms", "10", "--subscribers", "20", "--inflight", str(inflight),
            "--warmup", "0.2", "--seconds", "1"])
    said = load.describe(end) or "no fault"
    if fault is None:
        return bool(end["good"] and windows and windows[0]["deliveries"] > 1000), said
    others = [name for name, count in end["faults"].items() if count and name not in (fault, "lost")]
    return not end["good"] and end["faults"][fault] > 0 and not others, said


def run() -> int:
    build.c_programs()
    passed = 0
    for lie, fault, inflight in LIES:
        good, said = caught(lie, fault, inflight)
        passed += good
        print(f"{'ok  ' if good else 'FAIL'} floor --lie {lie}, {inflight} in flight: {said}", flush=True)
    print(f"{passed} passed, {len(LIES) - passed} failed")
    return 0 if passed == len(LIES) else 1
