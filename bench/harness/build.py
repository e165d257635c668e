"""Builds what is measured. What does not build is left out, with the reason."""

import shutil
import subprocess
from pathlib import Path

from .places import BENCH, BINARIES, ROOT


class BuildFailed(Exception):
    pass


def run(command: list[str]) -> None:
    if not shutil.which(command[0]):
        raise BuildFailed(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if "error" in line.lower()]
        raise BuildFailed(said[0].strip() if said else f"{' '.join(command)} ended with {done.returncode}")


def c_program(name: str, folder: Path, *libraries: str) -> None:
    BINARIES.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(file) for file in folder.glob("*.c"))
    run(["gcc", "-O2", "-Wall", "-Wextra", "-std=gnu17", "-o", str(BINARIES / name), *sources, *libraries])


def c_programs() -> None:
    c_program("load", BENCH / "Load", "-lz")
    c_program("floor", BENCH / "Floor")


def dotnet_project(project: Path) -> None:
    run(["dotnet", "build", str(project), "-c", "Release", "-v", "quiet", "-clp:NoSummary"])
