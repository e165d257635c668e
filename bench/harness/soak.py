"""./benchmark --soak: the server as it is run, and everyday life around it."""

import os
import subprocess
from dataclasses import replace

from . import build, optional
from .places import BENCH, ROOT, cores
from .process import RunningServer
from .servers import DOTNET, Server, dotnet

CONNECTIONS = 2000
KEY = "admin-key-of-the-soak-run"


def run(minutes: int) -> int:
    server: Server = dotnet(
        "soak", "Tidings", ROOT / "src" / "Tidings.Server" / "Tidings.Server.csproj", lambda url: ["serve", "--urls", url])
    server = replace(server, environment={
        **DOTNET, "Tidings__AdminKey": KEY,
        "Tidings__Limits__ConnectionsPerIp": "0", "Tidings__Limits__HandshakesPerSecondPerIp": "0", "Tidings__Limits__MessagesPerSecondPerIp": "0"})
    server.prepare()
    python = optional.debian_python()
    if not python:
        raise build.BuildFailed("it needs Debian's python3-websockets")
    with RunningServer(server, cores()) as running:
        return subprocess.run(
            [python, "-B", "-u", str(BENCH / "soak_client.py"), str(running.port), str(running.pid), str(CONNECTIONS), str(minutes)],
            check=False, env={**os.environ, "TIDINGS_ADMIN_KEY": KEY}).returncode
