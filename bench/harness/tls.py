"""Idle connections over TLS, opened from here: the load generator speaks no TLS."""

import contextlib
import ssl
import socket
from typing import Iterator

from . import build
from .places import BINARIES

KEY, CERTIFICATE = BINARIES / "localhost.key", BINARIES / "localhost.crt"

# What Kestrel reads of its own accord.
ENVIRONMENT = {"Kestrel__Certificates__Default__Path": str(CERTIFICATE), "Kestrel__Certificates__Default__KeyPath": str(KEY)}

REQUEST = ("GET /ws/room{room} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def make_certificate() -> None:
    if not CERTIFICATE.exists():
        build.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                   "-subj", "/CN=localhost", "-keyout", str(KEY), "-out", str(CERTIFICATE)])


def connect(port: int, room: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", port), timeout=20)
    secured = context.wrap_socket(raw, server_hostname="localhost")
    secured.sendall(REQUEST.format(room=room).encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = secured.recv(4096)
        if not part:
            raise OSError("the connection ended in the handshake")
        answer += part
    if not answer.startswith(b"HTTP/1.1 101"):
        raise OSError(f"the handshake was answered {answer[:40]!r}")
    return secured


@contextlib.contextmanager
def connections(port: int, count: int) -> Iterator[None]:
    """Holds so many, 20 to a room, until the block ends."""
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    with contextlib.ExitStack() as held:
        for number in range(count):
            held.enter_context(connect(port, number // 20, context))
        yield
