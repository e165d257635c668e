"""The table that people read."""

from .measure import Figures
from .quiet import QUIET
from .scenarios import Scenario
from .servers import Server

COLUMNS = {
    "delivery": ["CPU-µs/delivery", "× floor", "× SignalR", "deliveries/s", "p50 µs", "p99 µs", "p99.9 µs", "server", "others"],
    "handshake": ["CPU-µs each", "× floor", "× SignalR", "per core-second", "p50 µs", "p99 µs", "p99.9 µs", "server", "others"],
    "cold": ["1st second", "2nd", "3rd", "5th", "10th", "1st / 10th"],
    "tls": ["bytes each", "at once", "empty MB", "settled in"],
    "idle": ["bytes each", "× floor", "× SignalR", "at once", "PSS bytes", "opened/s", "empty MB", "settled in"],
}

FIRST, NARROWEST = 24, 9


def number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.0f} %"


def small(value: float | None) -> str:
    return number(value, 2 if value is not None and value < 10 else 1)


def ratio(value: float | None, base: Figures | None, key: str) -> str:
    other = base[key] if base else None
    return f"{value / other:.2f}" if value is not None and other and other > 0 else "–"


def cells(kind: str, figures: Figures, floor: Figures | None, signalr: Figures | None) -> list[str]:
    if kind == "cold":
        return [*(small(figures[f"second{number}"]) for number in (1, 2, 3, 5, 10)), f"{figures['second1'] / figures['second10']:.1f}"]
    if kind == "tls":
        return [number(figures["bytes"]), number(figures["bytes_at_once"]), number(figures["before_mb"]), f"{number(figures['settle_seconds'])} s"]
    key = "bytes" if kind == "idle" else "cpu_us"
    value = figures[key]
    ratios = [ratio(value, floor, key), ratio(value, signalr, key)]
    if kind == "idle":
        return [number(value), *ratios, number(figures["bytes_at_once"]), number(figures["bytes_shared"]),
                number(figures["opened_per_second"]), number(figures["before_mb"]), f"{number(figures['settle_seconds'])} s"]
    rate = figures["per_core_second" if kind == "handshake" else "per_second"]
    return [small(value), *ratios, number(rate), number(figures["p50_us"]), number(figures["p99_us"]),
            number(figures["p999_us"]), share(figures["busy"]), share(figures["others"])]


def row(first: str, columns: list[str], rest: list[str]) -> str:
    widths = [max(NARROWEST, len(column)) + 2 for column in columns]
    return (first.ljust(FIRST) + "".join(cell.rjust(width) for cell, width in zip(rest, widths))).rstrip()


def render(servers: list[Server], scenarios: list[Scenario], results: dict[tuple[str, str], Figures]) -> str:
    lines: list[str] = []
    for scenario in scenarios:
        columns = COLUMNS[scenario.kind]
        lines += ["", scenario.title, row("", columns, columns)]
        floor, signalr = results.get(("floor", scenario.name)), results.get(("signalr", scenario.name))
        for server in servers:
            figures = results.get((server.name, scenario.name))
            if figures and figures.samples:
                lines.append(row("  " + server.title, columns, cells(scenario.kind, figures, floor, signalr)))
            if figures and figures.trouble:
                lines.append(f"  {server.title}: {figures.trouble}")
    disturbed = [figures["others"] for figures in results.values() if (figures["others"] or 0) > QUIET]
    if disturbed:
        lines += ["", f"Not quiet: other programs used up to {max(disturbed) * 100:.0f} % of a core. Trust no latency of this run, and no small difference."]
    return "\n".join(lines)
