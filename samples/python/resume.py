# Listens to a channel of Tidings, comes back when it is cut off, and misses nothing: resume.py [url] [channel] [how many messages]
import asyncio, json, sys, websockets

async def listen(url, channel, count):
    position = None
    while count > 0:
        try:
            async with websockets.connect(url) as ws:
                since = {"since": position} if position else {}
                await ws.send(json.dumps({"type": "subscribe", "channel": channel, **since}))
                async for text in ws:
                    message = json.loads(text)
                    if message["type"] == "subscribed" and message.get("recovered") is False or message["type"] == "gap":
                        print("something was missed: load the state anew", flush=True)
                    if message["type"] in ("subscribed", "gap"):
                        position = {"epoch": message["epoch"], "offset": message["offset"]}
                        print("listening", position["offset"], flush=True)
                    elif message["type"] == "message":
                        position["offset"] = message["offset"]
                        print(message["offset"], message.get("data", message.get("data64")), flush=True)
                        count -= 1
                        if count == 0:
                            return
        except (OSError, websockets.ConnectionClosed):
            await asyncio.sleep(0.2)

arguments = sys.argv[1:] + ["ws://localhost:8000/connect", "chat:news", "1000000"][len(sys.argv) - 1:]
asyncio.run(listen(arguments[0], arguments[1], int(arguments[2])))
