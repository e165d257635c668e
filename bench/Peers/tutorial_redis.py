"""The server of the FastAPI tutorial for several instances: Redis' publish and subscribe, a subscription and a task per room.

As there, but for what has moved since (aioredis is redis.asyncio now) and what a benchmark must not trip over: a copy of the
set to loop over, since members may join while a broadcast waits.
"""

import asyncio
import sys
from contextlib import suppress

import redis.asyncio
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
store = redis.asyncio.from_url(f"redis://{sys.argv[2]}")


class RedisConnectionManager:
    def __init__(self) -> None:
        self.connections: dict[str, set[WebSocket]] = {}
        self.tasks: dict[str, asyncio.Task] = {}

    async def connect(self, websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        if room not in self.connections:
            self.connections[room] = set()
            self.tasks[room] = asyncio.create_task(self._subscribe(room))
        self.connections[room].add(websocket)

    async def _subscribe(self, room: str) -> None:
        pubsub = store.pubsub()
        await pubsub.subscribe(f"room:{room}")
        try:
            async for message in pubsub.listen():
                if message["type"] == "message":
                    await self._broadcast_local(message["data"].decode(), room)
        finally:
            await pubsub.close()

    async def _broadcast_local(self, message: str, room: str) -> None:
        dead = set()
        for websocket in list(self.connections.get(room, ())):
            try:
                await websocket.send_text(message)
            except Exception:
                dead.add(websocket)
        self.connections.get(room, set()).difference_update(dead)

    async def broadcast(self, message: str, room: str) -> None:
        await store.publish(f"room:{room}", message)

    async def disconnect(self, websocket: WebSocket, room: str) -> None:
        self.connections.get(room, set()).discard(websocket)
        if not self.connections.get(room):
            if task := self.tasks.pop(room, None):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self.connections.pop(room, None)


manager = RedisConnectionManager()


@app.websocket("/ws/{room}")
async def room_websocket(websocket: WebSocket, room: str) -> None:
    await manager.connect(websocket, room)
    try:
        while True:
            data = await websocket.receive_text()
            await manager.broadcast(f"[{room}] {data}", room)
    except WebSocketDisconnect:
        pass
    finally:
        await manager.disconnect(websocket, room)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", ws_ping_interval=None, backlog=4096)
