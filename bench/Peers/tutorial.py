"""The server of the FastAPI tutorial: rooms in a ConnectionManager, a loop of send_text.

As there, but for what a benchmark must not trip over: no limit of 100 connections to a room or 10 KB to a message, no
heartbeat, and a copy of the set to loop over, since members may join while a broadcast waits.
"""

import html
import sys

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect


class ConnectionManager:
    def __init__(self) -> None:
        self.rooms: dict[str, set[WebSocket]] = {}

    async def connect(self, websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        self.rooms.setdefault(room, set()).add(websocket)

    def disconnect(self, websocket: WebSocket, room: str) -> None:
        members = self.rooms.get(room, set())
        members.discard(websocket)
        if not members:
            self.rooms.pop(room, None)

    async def broadcast(self, message: str, room: str) -> None:
        dead = set()
        for websocket in list(self.rooms.get(room, ())):
            try:
                await websocket.send_text(message)
            except Exception:
                dead.add(websocket)
        for websocket in dead:
            self.disconnect(websocket, room)


manager = ConnectionManager()
app = FastAPI()


@app.websocket("/ws/{room}")
async def room_websocket(websocket: WebSocket, room: str) -> None:
    await manager.connect(websocket, room)
    try:
        while True:
            data = await websocket.receive_text()
            await manager.broadcast(f"[{room}] {html.escape(data)}", room)
    except WebSocketDisconnect:
        pass
    finally:
        manager.disconnect(websocket, room)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", ws_ping_interval=None, backlog=4096)
