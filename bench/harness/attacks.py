"""The attacks: a program of their own, which starts a server with little memory, attacks it from one address and asks those beside it."""

import subprocess

from . import build
from .places import ROOT, assembly

PROJECT = ROOT / "tests" / "Tidings.Attacks" / "Tidings.Attacks.csproj"
SECONDS = 60
QUICK_SECONDS = 5


def run(attacks: list[str], is_quick: bool) -> int:
    build.dotnet_project(ROOT / "src" / "Tidings.Server" / "Tidings.Server.csproj")
    build.dotnet_project(PROJECT)
    return subprocess.call(["dotnet", str(assembly("Tidings.Attacks")), "--seconds", str(QUICK_SECONDS if is_quick else SECONDS), *attacks])
