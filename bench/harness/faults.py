"""The fault scenarios: a program of their own, which starts, breaks and judges everything itself."""

import subprocess

from . import build
from .places import BENCH, RESULTS, ROOT, assembly

PROJECT = BENCH / "Faults" / "Faults.csproj"
NEEDED = ["redis-server", "setpriv", "dd"]


def run(scenarios: list[str], seed: int, is_quick: bool) -> int:
    for program in NEEDED:
        if not build.shutil.which(program):
            raise SystemExit(f"benchmark: the faults need {program}")
    build.dotnet_project(ROOT / "src" / "Tidings.Server" / "Tidings.Server.csproj")
    build.dotnet_project(PROJECT)
    RESULTS.mkdir(exist_ok=True)
    command = ["dotnet", str(assembly("Faults")), *scenarios, "--seed", str(seed), "--results", str(RESULTS / "faults.md")]
    return subprocess.call(command + (["--quick"] if is_quick else []))
