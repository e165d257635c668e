"""What Tidings must reach, checked after each run that has the figures for it. Adding a goal is one entry in GOALS."""

from dataclasses import dataclass

from .measure import Figures


@dataclass(frozen=True)
class Goal:
    scenario: str
    figure: str
    limit: float          # at most so many times the base's figure, or so much if there is no base
    base: str | None
    server: str = "tidings"


GOALS = [
    Goal("fanout", "cpu_us", 1.12, "floor"),
    Goal("fanout", "cpu_us", 0.45, "signalr"),
    Goal("fanout16", "cpu_us", 1.4, "floor"),
    Goal("crowd", "cpu_us", 1.15, "floor"),
    Goal("crowd", "p99_us", 1.2, "bun"),
    Goal("rooms", "cpu_us", 1.3, "floor"),
    Goal("rooms", "p99_us", 1.2, "bun"),
    Goal("large", "cpu_us", 1.05, "bun"),
    Goal("echo", "cpu_us", 1.2, "bun"),
    Goal("echo", "cpu_us", 0.65, "plain"),
    Goal("echo16", "cpu_us", 1.1, "bun"),
    Goal("handshake", "cpu_us", 1 / 1.3, "plain", "pipeline"),
    Goal("handshake", "cpu_us", 1 / 3, "plain"),
    Goal("idle", "bytes", 3072, None),
    Goal("idle", "bytes", 4096, None, "connect"),
    Goal("tls", "bytes", 1, "plain-tls", "tidings-tls"),
]

WORDS = {"cpu_us": "CPU", "p99_us": "p99", "bytes": "bytes each"}


def check(results: dict[tuple[str, str], Figures]) -> list[str]:
    lines = []
    for goal in GOALS:
        ours = results.get((goal.server, goal.scenario))
        base = results.get((goal.base or goal.server, goal.scenario))
        value, other = ours and ours[goal.figure], base and base[goal.figure]
        if not value or not other:
            continue
        reached = value / other if goal.base else value
        what = f"× {goal.base}" if goal.base else ""
        verdict = "reached" if reached <= goal.limit else "MISSED "
        lines.append(f"  {verdict}  {goal.server}, {goal.scenario}: {WORDS[goal.figure]} {reached:,.4g} {what} (at most {goal.limit:,.4g})".replace("  (", " ("))
    return ["", "Goals", *lines] if lines else []
