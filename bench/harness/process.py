"""A server that runs: started on its core, watched, ended by its own process id."""

import os
import socket
import subprocess
import time
from pathlib import Path

from .places import RESULTS
from .servers import Server


class ServerFailed(Exception):
    pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RunningServer:
    def __init__(self, server: Server, cores: tuple[int, ...]):
        RESULTS.mkdir(exist_ok=True)
        self.port = free_port()
        self.log: Path = RESULTS / f"{server.name}.log"
        with self.log.open("wb") as log:
            # taskset becomes the server, so the process id is the server's own.
            self.process = subprocess.Popen(
                ["taskset", "-c", ",".join(map(str, cores)), *server.command(self.port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **server.environment})
        try:
            self._wait_until_it_listens()
        except ServerFailed:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def has_died(self) -> bool:
        """Sockets close a moment before the process is gone: gives it that moment."""
        try:
            self.process.wait(0.5)
            return True
        except subprocess.TimeoutExpired:
            return False

    def last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1][:160] if lines else "it said nothing"

    def _wait_until_it_listens(self) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if not self.is_alive:
                raise ServerFailed(f"ended with {self.process.returncode} at its start: {self.last_words()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise ServerFailed("did not listen within 30 s")

    def stop(self) -> None:
        if not self.is_alive:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def __enter__(self) -> "RunningServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
