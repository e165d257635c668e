"""Runs the load generator and reads what it says."""

import json
import subprocess
from typing import Iterator

from .places import LOAD
from .process import RunningServer


class LoadFailed(Exception):
    pass


def start(server: RunningServer, protocol: str, core: int, arguments: list[str]) -> subprocess.Popen:
    command = [
        str(LOAD), "--port", str(server.port), "--protocol", protocol, "--cpu", str(core),
        "--server-pid", str(server.pid), *arguments,
    ]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def events(load: subprocess.Popen) -> Iterator[dict]:
    """Ends by itself: the load generator has an alarm for every run."""
    assert load.stdout
    for line in load.stdout:
        yield json.loads(line)


def describe(end: dict) -> str:
    faults = ", ".join(f"{count} {name}" for name, count in end["faults"].items() if count)
    return "; ".join(part for part in (end["trouble"], faults) if part)


def run(server: RunningServer, protocol: str, core: int, arguments: list[str]) -> tuple[list[dict], dict]:
    """Returns the measuring windows and how it ended, faults and all."""
    windows = []
    with start(server, protocol, core, arguments) as load:
        for event in events(load):
            if event["event"] == "end":
                return windows, event
            windows.append(event)
        load.wait()
        said = load.stderr.read().strip() if load.stderr else ""
    raise LoadFailed(f"the load generator ended with {load.returncode}: {said or 'out of time'}")
