"""Small faults planted in the sources, one at a time: how many do the tests notice? docs/reliability.md tells what came out."""

import subprocess

from . import build
from .places import BENCH, ROOT, assembly

NEEDED = ["dotnet", "node", "git", "setsid", "redis-server"]


def run(areas: list[str], seed: int, is_quick: bool, only: str | None, is_again: bool) -> int:
    for program in NEEDED:
        if not build.shutil.which(program):
            raise SystemExit(f"benchmark: the mutants need {program}")
    build.dotnet_project(BENCH / "Mutants" / "Mutants.csproj")
    command = ["dotnet", str(assembly("Mutants")), *areas, "--root", str(ROOT), "--seed", str(seed)]
    command += ["--quick"] if is_quick else []
    command += ["--like", only] if only else []
    command += ["--again"] if is_again else []
    return subprocess.call(command)
