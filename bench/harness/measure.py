"""Runs one scenario against one server."""

from dataclasses import dataclass, field
from statistics import median

from . import load, memory, quiet, tls
from .process import RunningServer, ServerFailed
from .quiet import QUIET
from .scenarios import TLS_CONNECTIONS, Scenario
from .servers import Server


@dataclass(frozen=True)
class Pace:
    """How long things take."""
    rounds: int      # how often each server is started for each scenario
    windows: int     # measured in each round
    seconds: float   # of a window
    warm_up: float   # of a server that compiles while it runs
    patience: float  # to wait for a quiet machine before each scenario


QUICK = Pace(rounds=1, windows=3, seconds=1.5, warm_up=8, patience=0)
FULL = Pace(rounds=3, windows=1, seconds=5, warm_up=10, patience=0)


@dataclass
class Figures:
    """All samples of one server in one scenario. A figure is the median of the samples that nobody disturbed, or of all
    if there is none such."""
    samples: list[dict[str, float]] = field(default_factory=list)
    trouble: str = ""

    def __getitem__(self, name: str) -> float | None:
        undisturbed = [sample for sample in self.samples if sample.get("others", 0) <= QUIET]
        values = [sample[name] for sample in undisturbed or self.samples if name in sample]
        return median(values) if values else None


def sample_of(window: dict) -> dict[str, float]:
    count = window.get("deliveries", window.get("handshakes", 0))
    server, seconds = window["server_cpu"], window["seconds"]
    sample = {key: window[key] for key in ("p50_us", "p99_us", "p999_us", "max_us")}
    sample |= {"others": window["others_cpu"] / seconds, "busy": server / seconds, "per_second": count / seconds}
    if count and server > 0:
        sample |= {"cpu_us": server / count * 1e6, "per_core_second": count / server}
    return sample


def measure(server: Server, scenario: Scenario, running: RunningServer, core: int, pace: Pace, into: Figures) -> None:
    """Adds what it finds to `into`, trouble included."""
    try:
        if scenario.kind == "idle":
            into.samples.append(idle(server, scenario, running, core))
            return
        if scenario.kind == "tls":
            into.samples.append(idle_over_tls(running))
            return
        if scenario.kind == "cold":
            into.samples.append(cold(server, scenario, running, core))
            return
        warm_up = pace.warm_up * scenario.warm_up if server.warms_up else 1
        windows, end = load.run(running, server.protocol, core, [
            *scenario.arguments, "--warmup", str(warm_up), "--windows", str(pace.windows), "--seconds", str(pace.seconds)])
        into.samples += [sample_of(window) for window in windows]
        if not end["good"]:
            into.trouble = load.describe(end)
    except (load.LoadFailed, OSError) as failed:
        into.trouble = str(failed)
    if into.trouble and running.has_died():
        into.trouble += f"; the server died: {running.last_words()}"


def idle(server: Server, scenario: Scenario, running: RunningServer, core: int) -> dict[str, float]:
    """Memory of a fresh server that has served a few hundred handshakes, then with many connections that say nothing."""
    _, end = load.run(running, server.protocol, core, [
        "--scenario", "handshake", "--opening", "16", "--warmup", "0", "--seconds", "1"])
    if not end["good"]:
        raise load.LoadFailed(load.describe(end))
    memory.settle(running.pid, still=2, longest=10)
    before, before_shared = memory.resident(running.pid), memory.proportional(running.pid)

    with load.start(running, server.protocol, core, [*scenario.arguments, "--hold", "120"]) as holder:
        events = load.events(holder)
        holding = next(events, None)
        if not holding or holding["event"] != "holding":
            raise load.LoadFailed(load.describe(holding) if holding else "the load generator ended")
        count = holding["connections"]
        at_once = memory.resident(running.pid)
        seconds = memory.settle(running.pid, still=5, longest=40)
        settled, settled_shared = memory.resident(running.pid), memory.proportional(running.pid)
        assert holder.stdin
        holder.stdin.close()
        end = next(events)
        if not end["good"]:
            raise load.LoadFailed(load.describe(end))
    return {
        "connections": count,
        "bytes": (settled - before) / count,
        "bytes_at_once": (at_once - before) / count,
        "bytes_shared": (settled_shared - before_shared) / count,
        "settle_seconds": seconds,
        "before_mb": before / 1e6,
        "opened_per_second": count / holding["seconds"],
    }


def idle_over_tls(running: RunningServer) -> dict[str, float]:
    with tls.connections(running.port, 50):
        pass
    memory.settle(running.pid, still=2, longest=10)
    before = memory.resident(running.pid)
    with tls.connections(running.port, TLS_CONNECTIONS):
        at_once = memory.resident(running.pid)
        seconds = memory.settle(running.pid, still=5, longest=40)
        settled = memory.resident(running.pid)
    return {"bytes": (settled - before) / TLS_CONNECTIONS, "bytes_at_once": (at_once - before) / TLS_CONNECTIONS, "settle_seconds": seconds, "before_mb": before / 1e6}


def cold(server: Server, scenario: Scenario, running: RunningServer, core: int) -> dict[str, float]:
    """CPU time of a delivery in each second of a server's life: what it costs that code is compiled while it runs."""
    windows, end = load.run(running, server.protocol, core, [*scenario.arguments, "--warmup", "0", "--windows", "10", "--seconds", "1"])
    if not end["good"]:
        raise load.LoadFailed(load.describe(end))
    return {f"second{number}": window["server_cpu"] / window["deliveries"] * 1e6 for number, window in enumerate(windows, 1)}


def measure_server(server: Server, scenarios: list[Scenario], cores: tuple[int, int], pace: Pace, results: dict) -> None:
    """One round. Every scenario gets a fresh process: what an earlier one left behind (threads, profiles, garbage) would
    show in the next one's figures."""
    for scenario in scenarios:
        if scenario.name not in server.scenarios if server.scenarios else scenario.kind == "tls":
            continue
        figures = results.setdefault((server.name, scenario.name), Figures())
        quiet.wait(pace.patience)
        try:
            with RunningServer(server, cores if server.many_cores else cores[1:]) as running:
                measure(server, scenario, running, cores[0], pace, figures)
        except ServerFailed as failed:
            figures.trouble = str(failed)
