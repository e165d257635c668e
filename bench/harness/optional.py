"""Peers that not every machine has. What can't be installed is left out; nothing here fails a run."""

import shutil
import subprocess

from . import build
from .places import BENCH, BINARIES

BUN_VERSION = "1.4.5"
BUN_FOLDER = BINARIES / "bun"
BUN = BUN_FOLDER / "node_modules" / ".bin" / "bun"

TUTORIAL = BENCH / "Peers" / "tutorial.py"
BUN_SERVER = BENCH / "Peers" / "bun.js"


def debian_python() -> str | None:
    """The interpreter that sees Debian's packages; another one may come first in the search path."""
    return shutil.which("python3", path="/usr/bin")


def fastapi() -> None:
    python = debian_python()
    if not python or subprocess.run([python, "-c", "import fastapi, uvicorn, websockets"], capture_output=True).returncode:
        raise build.BuildFailed("it needs Debian's python3-fastapi, python3-uvicorn and python3-websockets")


def bun() -> None:
    if not BUN.exists():
        BUN_FOLDER.mkdir(parents=True, exist_ok=True)
        build.run(["npm", "install", "--prefix", str(BUN_FOLDER), "--no-save", "--no-audit", "--no-fund", f"bun@{BUN_VERSION}"])
    build.run([str(BUN), "--version"])
