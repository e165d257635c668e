"""The servers that are compared. Adding one is one entry in SERVERS."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable

from . import build, optional
from .places import BENCH, FLOOR, ROOT, assembly


@dataclass(frozen=True)
class Server:
    name: str                               # for --only
    title: str                              # in the table
    command: Callable[[int], list[str]]     # of a port
    protocol: str = "room"                  # a dialect of the load generator
    prepare: Callable[[], None] = lambda: None  # builds it; raises BuildFailed with the reason to leave it out
    environment: dict[str, str] = field(default_factory=dict)
    warms_up: bool = False                  # compiles its code while it runs
    is_quick: bool = True                   # part of --quick


# Pinned to one core, tiered compilation waits ten times longer unless told otherwise. The same for all of .NET.
DOTNET = {
    "DOTNET_TieredPGO": "1",
    "DOTNET_TC_DelaySingleProcMultiplier": "1",
    "DOTNET_gcServer": "0",
    "DOTNET_ENVIRONMENT": "Production",
}


def dotnet(name: str, title: str, project: Path, arguments: Callable[[str], list[str]], protocol: str = "room") -> Server:
    return Server(
        name, title,
        lambda port: ["dotnet", str(assembly(project.stem)), *arguments(f"http://127.0.0.1:{port}")],
        protocol,
        lambda: build.dotnet_project(project),
        DOTNET,
        warms_up=True,
    )


def tidings(name: str, title: str, *more: str, protocol: str = "room", is_quick: bool = True) -> Server:
    return replace(dotnet(
        name, title, ROOT / "src" / "Tidings.Server" / "Tidings.Server.csproj",
        lambda url: ["serve", "--urls", url, "--limits", "none", "--heartbeat", "0", *more], protocol), is_quick=is_quick)


def peer(name: str, title: str, project: str, protocol: str = "room") -> Server:
    return dotnet(name, title, BENCH / "Peers" / project / f"{project}.csproj", lambda url: ["--urls", url], protocol)


# Echo only: each answers its own connection, so the fan-out scenarios mean nothing here.
def echo(name: str, title: str, *more: str) -> Server:
    return replace(dotnet(name, title, BENCH / "Peers" / "Echo" / "Echo.csproj", lambda url: ["--urls", url, *more]), is_quick=False)


SERVERS = [
    Server("floor", "bare C (the floor)", lambda port: [str(FLOOR), "--port", str(port)]),
    tidings("tidings", "Tidings"),
    tidings("streams", "Tidings on streams", "--pump", "streams"),
    tidings("connect", "Tidings, /connect", protocol="connect", is_quick=False),
    tidings("deflate", "Tidings, compressed", protocol="deflate", is_quick=False),
    peer("plain", "SendAsync loop", "Plain"),
    peer("signalr", "SignalR", "SignalR", protocol="signalr"),
    echo("endpoint", "MapWebSocket on lanes", "--by", "endpoint", "--lanes"),
    echo("endpoint-streams", "MapWebSocket on streams", "--by", "endpoint"),
    echo("by-hand", "echo written by hand", "--by", "hand"),
    Server("fastapi", "FastAPI, uvicorn", lambda port: [optional.debian_python() or "python3", str(optional.TUTORIAL), str(port)],
           prepare=optional.fastapi, is_quick=False),
    Server("bun", "Bun publish", lambda port: [str(optional.BUN), str(optional.BUN_SERVER), str(port)],
           prepare=optional.bun, warms_up=True, is_quick=False),
]
