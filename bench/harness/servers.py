"""The servers that are compared. Adding one is one entry in SERVERS."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable

from . import build, optional, tls
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
    scenarios: tuple[str, ...] = ()         # all it is for, where that isn't all of them
    many_cores: bool = False                # has the load generator's core as well


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


def tidings(name: str, title: str, *more: str, protocol: str = "room", is_quick: bool = True, **fields) -> Server:
    return replace(dotnet(
        name, title, ROOT / "src" / "Tidings.Server" / "Tidings.Server.csproj",
        lambda url: ["serve", "--urls", url, "--limits", "none", "--heartbeat", "0", *more], protocol), is_quick=is_quick, **fields)


# The same server with https: only what the load generator, which speaks no TLS, is not needed for.
def over_tls(server: Server, name: str, title: str) -> Server:
    def prepare() -> None:
        server.prepare()
        tls.make_certificate()

    return replace(
        server, name=name, title=title, scenarios=("tls",), is_quick=False, prepare=prepare, environment={**server.environment, **tls.ENVIRONMENT},
        command=lambda port: [part.replace("http://", "https://") for part in server.command(port)])


def peer(name: str, title: str, project: str, protocol: str = "room") -> Server:
    return dotnet(name, title, BENCH / "Peers" / project / f"{project}.csproj", lambda url: ["--urls", url], protocol)


# Echo only: each answers its own connection, so the fan-out scenarios mean nothing here.
def echo(name: str, title: str, *more: str) -> Server:
    return replace(
        dotnet(name, title, BENCH / "Peers" / "Echo" / "Echo.csproj", lambda url: ["--urls", url, *more]), is_quick=False, scenarios=("echo", "echo16"))


TIDINGS = tidings("tidings", "Tidings")
PLAIN = peer("plain", "SendAsync loop", "Plain")

SERVERS = [
    Server("floor", "bare C (the floor)", lambda port: [str(FLOOR), "--port", str(port)]),
    TIDINGS,
    # A path base is one of the things for which handshakes go through Kestrel and middleware.
    tidings("pipeline", "Tidings, by the pipeline", "--path-base", "/base", scenarios=("handshake",)),
    tidings("cores", "Tidings on both cores", is_quick=False, scenarios=("fanout", "fanout16"), many_cores=True),
    tidings("streams", "Tidings on streams", "--pump", "streams", is_quick=False),
    tidings("connect", "Tidings, /connect", protocol="connect", is_quick=False),
    tidings("deflate", "Tidings, compressed", protocol="deflate", is_quick=False),
    over_tls(TIDINGS, "tidings-tls", "Tidings over TLS"),
    over_tls(PLAIN, "plain-tls", "SendAsync loop over TLS"),
    PLAIN,
    peer("signalr", "SignalR", "SignalR", protocol="signalr"),
    echo("endpoint", "MapWebSocket on lanes", "--by", "endpoint", "--lanes"),
    echo("endpoint-streams", "MapWebSocket on streams", "--by", "endpoint"),
    echo("by-hand", "echo written by hand", "--by", "hand"),
    Server("fastapi", "FastAPI, uvicorn", lambda port: [optional.debian_python() or "python3", str(optional.TUTORIAL), str(port)],
           prepare=optional.fastapi, is_quick=False),
    Server("bun", "Bun publish", lambda port: [str(optional.BUN), str(optional.BUN_SERVER), str(port)],
           prepare=optional.bun, warms_up=True),
]
