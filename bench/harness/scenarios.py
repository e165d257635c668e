"""What is measured. Adding a scenario is one entry in SCENARIOS."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str                    # for --scenario
    title: str
    kind: str                    # delivery, cold, handshake, idle or tls: what the figures mean
    arguments: tuple[str, ...]   # for the load generator
    is_quick: bool = False       # part of --quick
    warm_up: float = 1           # times the usual: what runs less often is compiled later


def delivery(name: str, title: str, arguments: str, is_quick: bool = False) -> Scenario:
    return Scenario(name, title, "delivery", tuple(arguments.split()), is_quick)


IDLE_ROOMS, IDLE_SUBSCRIBERS = 500, 20
TLS_CONNECTIONS = 2000

SCENARIOS = [
    delivery("fanout", "1 room × 1,000, one message in flight", "--scenario fanout --rooms 1 --subscribers 1000", is_quick=True),
    delivery("fanout16", "1 room × 1,000, 16 in flight", "--scenario fanout --rooms 1 --subscribers 1000 --inflight 16"),
    delivery("crowd", "1 room × 5,000 at 10 msg/s", "--scenario fanout --rooms 1 --subscribers 5000 --rate 10"),
    delivery("steady", "1 room × 1,000 at 100 msg/s", "--scenario fanout --rooms 1 --subscribers 1000 --rate 100"),
    delivery("text", "1 room × 1,000, 1 KiB, one message in flight", "--scenario fanout --rooms 1 --subscribers 1000 --size 1024"),
    delivery("full", "100 rooms × 100 at 1 msg/s", "--scenario fanout --rooms 100 --subscribers 100 --rate 1"),
    delivery("rooms", "200 rooms × 20 at 10 msg/s", "--scenario fanout --rooms 200 --subscribers 20 --rate 10"),
    delivery("large", "1 room × 500, 16 KiB", "--scenario fanout --rooms 1 --subscribers 500 --size 16384"),
    delivery("echo", "echo, 100 connections, 1 outstanding each", "--scenario echo --rooms 100", is_quick=True),
    delivery("echo16", "echo, 100 connections, 16 outstanding each", "--scenario echo --rooms 100 --inflight 16"),
    Scenario("cold", "1 room × 1,000, one message in flight, from the server's first second on", "cold",
             ("--scenario", "fanout", "--rooms", "1", "--subscribers", "1000")),
    Scenario("handshake", "connect, upgrade, close", "handshake", ("--scenario", "handshake", "--rooms", "100"), is_quick=True, warm_up=2),
    Scenario("idle", f"{IDLE_ROOMS * IDLE_SUBSCRIBERS:,} idle connections", "idle",
             ("--scenario", "idle", "--rooms", str(IDLE_ROOMS), "--subscribers", str(IDLE_SUBSCRIBERS)), is_quick=True),
    Scenario("tls", f"{TLS_CONNECTIONS:,} idle connections over TLS", "tls", ()),
]
