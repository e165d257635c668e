"""Half an hour of everyday life: connections that come and go while messages are published, on a server with its heartbeat and limits on.

Run by ./benchmark --soak; needs Debian's python3-websockets. Says once a minute what the process holds; fails where that grows.
"""

import asyncio
import json
import os
import random
import sys
import time
import urllib.request

import websockets

ROOMS = 100
KEY = {"authorization": f"Bearer {os.environ['TIDINGS_ADMIN_KEY']}"}


def held(pid: int) -> dict[str, float]:
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file if ":" in line)
    return {"rss_mb": int(status["VmRSS"].split()[0]) / 1024, "threads": int(status["Threads"]), "handles": len(os.listdir(f"/proc/{pid}/fd"))}


def shown(port: int) -> dict[str, float]:
    """What /metrics says, summed over labels."""
    wanted = {"tidings_connections": "connections", "tidings_subscriptions": "subscriptions", "dotnet_gc_last_collection_heap_size_bytes": "heap", "dotnet_timer_count": "timers"}
    sums: dict[str, float] = {}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=KEY)) as answer:
        for line in answer.read().decode().splitlines():
            name = line.split("{")[0].split(" ")[0]
            if name in wanted:
                sums[wanted[name]] = sums.get(wanted[name], 0) + float(line.rsplit(" ", 1)[1])
    return sums


class Soak:
    def __init__(self, port: int, connections: int, seed: int):
        self.port, self.wanted, self.random = port, connections, random.Random(seed)
        self.tasks: set[asyncio.Task] = set()
        self.positions: dict[str, dict] = {}
        self.received = self.faults = self.opened = 0

    def open(self) -> None:
        self.opened += 1
        task = asyncio.create_task(self.room() if self.opened % 2 else self.channel())
        self.tasks.add(task)
        task.add_done_callback(self.closed)

    def closed(self, task: asyncio.Task) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.faults += 1
            print(f"a connection failed: {task.exception()!r}", flush=True)

    async def room(self) -> None:
        async with websockets.connect(f"ws://127.0.0.1:{self.port}/ws/room{self.random.randrange(ROOMS)}", compression=None, ping_interval=None) as socket:
            async for _ in socket:
                self.received += 1

    # Comes back to where somebody in this channel was before.
    async def channel(self) -> None:
        name = f"chat:{self.random.randrange(ROOMS)}"
        async with websockets.connect(f"ws://127.0.0.1:{self.port}/connect", compression=None, ping_interval=None) as socket:
            since = {"since": self.positions[name]} if name in self.positions else {}
            await socket.send(json.dumps({"type": "subscribe", "channel": name, "presence": True, **since}))
            at = None
            async for text in socket:
                event = json.loads(text)
                if event["type"] == "subscribed":
                    at = {"epoch": event["epoch"], "offset": since["since"]["offset"] if event.get("recovered") else event["offset"]}
                elif event["type"] == "message" and event["channel"] == name:
                    self.received += 1
                    if event["offset"] != at["offset"] + 1:
                        self.faults += 1
                        print(f"{name}: {event['offset']} after {at['offset']}", flush=True)
                    at = {**at, "offset": event["offset"]}
                    self.positions[name] = at

    async def churn(self) -> None:
        while True:
            await asyncio.sleep(60 / (self.wanted / 10))
            leaving = self.random.choice(list(self.tasks))
            leaving.cancel()
            self.open()

    async def publish(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            number = self.random.randrange(ROOMS)
            for path, body in (("/broadcast", {"room": f"room{number}", "content": "hello " * 20}), ("/api/publish", {"channel": f"chat:{number}", "data": {"n": self.received}})):
                request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), {"content-type": "application/json", **KEY})
                await asyncio.to_thread(lambda request=request: urllib.request.urlopen(request).read())


async def main(port: int, pid: int, connections: int, minutes: int) -> int:
    soak = Soak(port, connections, seed=1)
    for _ in range(connections):
        soak.open()
        await asyncio.sleep(0.005)
    others = [asyncio.create_task(soak.churn()), asyncio.create_task(soak.publish())]
    rows = []
    for minute in range(1, minutes + 1):
        await asyncio.sleep(60)
        row = {"minute": minute, **held(pid), **await asyncio.to_thread(shown, port), "received": soak.received, "opened": soak.opened, "faults": soak.faults}
        rows.append(row)
        print(json.dumps({key: round(value, 1) for key, value in row.items()}), flush=True)
        if any(task.done() for task in others):
            print("the publisher ended", [task.exception() for task in others if task.done()], flush=True)
            return 1

    # The first minutes compile code and fill histories.
    early, late = rows[minutes // 3: minutes // 3 + max(1, minutes // 6)], rows[-max(1, minutes // 6):]
    grown = 0
    for key, slack in (("rss_mb", 10), ("heap", 10e6), ("handles", 20), ("threads", 5), ("timers", 5), ("subscriptions", 0.1 * connections)):
        before, after = (sum(row.get(key, 0) for row in part) / len(part) for part in (early, late))
        print(f"{key}: {before:,.1f} after a third, {after:,.1f} at the end", flush=True)
        grown += after > before + slack
    return 1 if grown or soak.faults else 0


sys.exit(asyncio.run(main(*map(int, sys.argv[1:]))))
