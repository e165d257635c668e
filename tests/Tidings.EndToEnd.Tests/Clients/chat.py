"""Talks in a room as the tutorials do: python3 chat.py ws://127.0.0.1:8000/ws/lobby"""
import asyncio
import sys

import websockets


async def main(url):
    async with websockets.connect(url) as ann, websockets.connect(url) as bob:
        await ann.send("<b>hi</b> 中文")
        heard = [await asyncio.wait_for(client.recv(), 10) for client in (ann, bob)]
        assert heard == ["[lobby] &lt;b&gt;hi&lt;/b&gt; 中文"] * 2, heard
        await bob.send("👋 " + "x" * 5000)
        assert await asyncio.wait_for(ann.recv(), 10) == "[lobby] 👋 " + "x" * 5000
        await (await ann.ping())
        await ann.send('{"type": "ping"}')
        assert await asyncio.wait_for(ann.recv(), 10) == '{"type":"pong"}'
        await ann.send('{"type": "quit"}')
        try:
            await asyncio.wait_for(ann.recv(), 10)
        except websockets.ConnectionClosed as closed:
            assert (closed.code, closed.reason) == (1000, "Goodbye"), closed
    print("heard", heard[0])


asyncio.run(main(sys.argv[1]))
