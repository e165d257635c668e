# Publishes into a channel of Tidings over Redis alone, with no node in between: redis_worker.py publish.lua [channel] [how many messages] [redis url] [prefix]
# publish.lua is src/Tidings.Redis/Scripts/publish.lua. Needs python3-redis.
import json, sys, time, redis

def encoded(name):
    """Names in keys: letters, digits and _ . : - @ stay, every other byte of the UTF-8 becomes %XX."""
    plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-@"
    return "".join(chr(b) if b in plain else f"%{b:02X}" for b in name.encode())

def shard(name, count):
    """Which of several servers has the channel: jump consistent hashing of FNV-1a."""
    value = 14695981039346656037
    for b in name.encode():
        value = ((value ^ b) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    index, following = 0, 0
    while following < count:
        index = following
        value = (value * 2862933555777941757 + 1) & 0xFFFFFFFFFFFFFFFF
        following = int((index + 1) * (2**31 / ((value >> 33) + 1)))
    return index

class Publisher:
    def __init__(self, script, url="redis://127.0.0.1:6379", prefix="tidings:"):
        self.prefix = prefix
        self.redis = redis.Redis.from_url(url, socket_timeout=5)
        self.script = self.redis.register_script(script)

    def publish(self, channel, data, *, sender=None, key=None, history=100, age=3600, durable=False):
        """Publishes JSON, or bytes as they are. Returns (epoch, offset)."""
        name = encoded(channel)
        binary = isinstance(data, bytes)
        head = {field: value for field, value in (("from", sender), ("key", key), ("binary", binary or None)) if value is not None}
        payload = json.dumps(head).encode() + b"\n" + (data if binary else json.dumps(data).encode())
        log = f"{self.prefix}log:{name}"
        for attempt in range(20):
            answer = self.script(
                keys=[f"{self.prefix}generation", log, f"{self.prefix}stream:{name}", log],
                args=["", "", history, age * 1000, f"{self.prefix}channel:{name}", payload, "1" if durable else "0", 0, (age + 3600) * 1000])
            if answer[0] == b"durable":
                raise RuntimeError("Redis does not write to disk before it answers, or too few replicas follow")
            if answer[0] != b"generation":
                return answer[0].decode(), answer[1]
            time.sleep(0.2)  # Redis has begun anew: a node looks at it within two seconds.
        raise RuntimeError("No node of Tidings has looked at this Redis")

if __name__ == "__main__":
    arguments = sys.argv[1:] + ["publish.lua", "chat:news", "3", "redis://127.0.0.1:6379", "tidings:"][len(sys.argv) - 1:]
    publisher = Publisher(open(arguments[0], encoding="utf-8").read(), arguments[3], arguments[4])
    for number in range(1, int(arguments[2]) + 1):
        epoch, offset = publisher.publish(arguments[1], {"progress": number}, sender="worker")
        print(offset, flush=True)
