"""Two nodes that share a Redis, each with half of every room, beside the tutorials' manager: ./benchmark --scenario redis."""

import shutil
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Callable

from . import build, load, optional
from .places import BENCH, cores
from .process import RunningServer, ServerFailed, free_port
from .servers import SERVERS, Server

NAME = "redis"
ROOMS, SUBSCRIBERS, RATE = 200, 4, 10   # 2,000 messages a second, 8,000 deliveries
GOAL_MS = 20

PEER = BENCH / "Peers" / "tutorial_redis.py"


@dataclass(frozen=True)
class Row:
    title: str
    cpu_us: float            # of both nodes, by delivery
    p50_ms: float
    p99_ms: float
    commands: float          # that Redis was sent for each message
    inside: float            # that scripts called for each message
    redis_us: float          # that Redis worked for each message, by its own clock
    others: float
    trouble: str


class Redis:
    """A Redis server of our own, without persistence, on the servers' core."""

    def __init__(self, core: int):
        self.port = free_port()
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while self.ask("PING") != "PONG":
            if time.monotonic() > end:
                self.__exit__()
                raise ServerFailed("Redis did not answer within 10 s")
            time.sleep(0.1)

    def ask(self, *words: str) -> str:
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=10).stdout.strip()

    def commands(self) -> dict[str, tuple[int, int]]:
        """Calls and microseconds of each command since it was started."""
        found = {}
        for line in self.ask("INFO", "commandstats").splitlines():
            if line.startswith("cmdstat_"):
                name, values = line[len("cmdstat_"):].split(":", 1)
                fields = dict(value.split("=") for value in values.strip().split(","))
                found[name] = int(fields["calls"]), int(fields["usec"])
        return found

    def __enter__(self) -> "Redis":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)


def tidings(address: str) -> Server:
    plain = next(server for server in SERVERS if server.name == "tidings")
    return replace(plain, title="Tidings", command=lambda port: [*plain.command(port), "--redis", address, "--redis-prefix", "bench:"])


def tutorial(address: str) -> Server:
    return Server("tutorial-redis", "FastAPI, the tutorial's Redis manager",
                  lambda port: [optional.debian_python() or "python3", str(PEER), str(port), address], prepare=prepare_tutorial)


def prepare_tutorial() -> None:
    python = optional.debian_python()
    if not python or subprocess.run([python, "-c", "import fastapi, uvicorn, websockets, redis.asyncio"], capture_output=True).returncode:
        raise build.BuildFailed("it needs Debian's python3-redis, python3-fastapi, python3-uvicorn and python3-websockets")


# What the publish script calls: not sent over the wire, and counted apart.
INSIDE = ("hmget", "hset", "hincrby", "pexpire", "xadd", "set", "get", "time", "info", "unlink")


def measure(make: Callable[[str], Server], seconds: float, warm_up: float) -> Row:
    load_core, server_core = cores()
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(server_core))
        server = make(f"127.0.0.1:{redis.port}")
        server.prepare()
        first, second = (stack.enter_context(RunningServer(replace(server, name=f"{server.name}-{n}"), (server_core,))) for n in (1, 2))
        try:
            before = redis.commands()
            windows, end = load.run(first, server.protocol, load_core, [
                "--second-port", str(second.port), "--second-pid", str(second.pid), "--scenario", "fanout",
                "--rooms", str(ROOMS), "--subscribers", str(SUBSCRIBERS), "--rate", str(RATE), "--warmup", str(warm_up), "--seconds", str(seconds)])
            after = redis.commands()
        except load.LoadFailed as failed:
            return Row(server.title, 0, 0, 0, 0, 0, 0, 0, str(failed))
    if not windows:
        return Row(server.title, 0, 0, 0, 0, 0, 0, 0, load.describe(end))
    window = windows[0]
    used = {name: (calls - before.get(name, (0, 0))[0], usec - before.get(name, (0, 0))[1]) for name, (calls, usec) in after.items()}
    is_scripted = used.get("evalsha", (0, 0))[0] > 0
    messages = max(1, used["evalsha" if is_scripted else "publish"][0])
    within = {name: value for name, value in used.items() if is_scripted and name in (*INSIDE, "publish")}
    sent = {name: value for name, value in used.items() if name not in within}
    return Row(
        server.title,
        window["server_cpu"] / max(1, window["deliveries"]) * 1e6,
        window["p50_us"] / 1000, window["p99_us"] / 1000,
        sum(calls for calls, _ in sent.values()) / messages,
        sum(calls for calls, _ in within.values()) / messages,
        sum(usec for _, usec in sent.values()) / messages,
        window["others_cpu"] / window["seconds"],
        "" if end["good"] else load.describe(end))


def run(is_quick: bool) -> int:
    for program in ("redis-server", "redis-cli"):
        if not shutil.which(program):
            print(f"left out: {NAME}: it needs {program}")
            return 0
    rows = []
    for make in (tidings, tutorial):
        try:
            rows.append(measure(make, seconds=4 if is_quick else 15, warm_up=8 if is_quick else 15))
        except (build.BuildFailed, ServerFailed) as failed:
            print(f"left out: {make.__name__}: {failed}", flush=True)
    print(f"\ntwo nodes on one Redis, {ROOMS} rooms × {SUBSCRIBERS}, half of each on either node, {ROOMS * RATE:,} msg/s; nodes and Redis on one core")
    print("".ljust(40) + "".join(title.rjust(18) for title in (
        "CPU-µs/delivery", "p50 ms", "p99 ms", "commands/publish", "in its script", "Redis µs/publish", "others")))
    for row in rows:
        figures = (row.cpu_us, row.p50_ms, row.p99_ms, row.commands, row.inside, row.redis_us)
        print(("  " + row.title).ljust(40) + "".join(f"{value:,.2f}".rjust(18) for value in figures) + f"{row.others * 100:.0f} %".rjust(18))
        if row.trouble:
            print(f"  {row.title}: {row.trouble}")
    ours = next((row for row in rows if row.title == "Tidings"), None)
    if ours:
        print(f"{'reached' if not ours.trouble and ours.p99_ms < GOAL_MS else 'MISSED'}: p99 under {GOAL_MS} ms: {ours.p99_ms:.1f} ms")
    return 1 if any(row.trouble for row in rows if row.title == "Tidings") else 0
