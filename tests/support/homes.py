"""Homes for tests: a real MQTT broker, and somebody who hears all that is published."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.players import READY_S, end, free_port

CONFIG = """\
listener {port} 127.0.0.1
user root
persistence true
persistence_location {folder}/
log_dest file {folder}/log
{access}
"""


@dataclass(frozen=True)
class Message:
    """What somebody heard."""

    topic: str
    text: str
    retained: bool


class Mosquitto:
    """A broker of our own, which can be stopped and started; it keeps what is retained and who listens."""

    def __init__(self, folder: Path, access: str = "allow_anonymous true") -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(CONFIG.format(port=self.port, folder=folder, access=access), "utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(["mosquitto", "-c", str(self._config)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        pytest.fail(f"mosquitto did not start: {(self._config.parent / 'log').read_text('utf-8')}")

    def stop(self) -> None:
        """End it; it saves its state."""
        if self._process:
            end(self._process)
            self._process = None


def need_mosquitto() -> None:
    """Skip a test without the broker or its client."""
    pytest.importorskip("aiomqtt", reason="aiomqtt is not installed")
    if shutil.which("mosquitto") is None:
        pytest.skip("mosquitto is not installed: apt install mosquitto")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """Run a broker that lets everybody in."""
    need_mosquitto()
    broker = Mosquitto(tmp_path)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


class Ear:
    """Hears all messages, in order, also those that came while it or the broker was away."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.messages: list[Message] = []

    def texts(self, topic: str) -> list[str]:
        """Return what was published to a topic."""
        return [message.text for message in self.messages if message.topic == topic]

    def last(self, topic: str) -> str | None:
        """Return what was published to a topic last."""
        return next(iter(self.texts(topic)[::-1]), None)

    async def say(self, topic: str, text: str | bytes, *, retain: bool = False) -> None:
        """Publish."""
        await self.client.publish(topic, text, qos=1, retain=retain)


@asynccontextmanager
async def ear(port: int, **options: Any) -> AsyncIterator[Ear]:
    """Give an `Ear` at the broker."""
    import aiomqtt

    async with aiomqtt.Client("127.0.0.1", port, identifier="ear", clean_session=False, **options) as client:
        listening = Ear(client)
        await client.subscribe("#", qos=1)

        async def listen() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                text = message.payload.decode("utf-8", "replace")
                listening.messages.append(Message(message.topic.value, text, message.retain))

        task = asyncio.create_task(listen())
        try:
            yield listening
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def soon(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(READY_S):
        while not condition():
            await asyncio.sleep(0.005)
