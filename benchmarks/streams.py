"""Many runners at once: ``python -m benchmarks.streams ADDRESS NUMBER SECONDS`` sends their sound in real time.

Without an address, their sound is judged in this process as fast as it can; a line of JSON has the cost.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile
import soxr
from websockets.asyncio.client import ClientConnection, connect

from paces_live.analysis.classifier import load_classifier
from paces_live.demo import excerpt
from paces_live.server.messages import Hello
from paces_live.server.worker import JudgedStream, Kind
from paces_live.session import SessionConfig

RATE = 44_100
"""Sample rate of a phone, Hz."""
WIDTH = 2
"""Size of a sample, bytes; the sound has one channel."""
FRAMES_PER_S = 10
"""Messages that a runner sends, a second."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What processes have used: `cpu_s` of processor time so far, `memory_mb` resident now."""

    cpu_s: float
    memory_mb: float


def usage(pids: Iterable[int]) -> Usage:
    """Return what running processes have used."""
    ticks = pages = 0
    for pid in pids:
        words = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
        pages += int(words[21])
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


def messages() -> list[bytes]:
    """Return the bundled excerpt as a runner sends it."""
    samples, rate = soundfile.read(excerpt(), dtype="int16")
    sound = soxr.resample(samples, rate, RATE).astype("<i2").tobytes()
    size = WIDTH * RATE // FRAMES_PER_S
    return [sound[start : start + size] for start in range(0, len(sound) - size, size)]


async def send(address: str, number: int, seconds: float) -> None:
    """Send the sound of `number` runners, who come within a second, for some time."""
    sound = messages()
    await asyncio.gather(*(_run(address, sound, index / number, seconds) for index in range(number)))


async def _run(address: str, sound: Sequence[bytes], wait_s: float, seconds: float) -> None:
    await asyncio.sleep(wait_s)
    async with connect(f"{address}/v1/audio", compression=None, ping_interval=None) as connection:
        await connection.send(json.dumps({"type": "audio-start", "rate": RATE, "width": WIDTH, "channels": 1}))
        reading = asyncio.create_task(_read(connection))
        begun = time.monotonic()
        for index in range(round(FRAMES_PER_S * seconds)):
            await connection.send(sound[index % len(sound)])
            await asyncio.sleep(begun + (index + 1) / FRAMES_PER_S - time.monotonic())
        reading.cancel()


async def _read(connection: ClientConnection) -> None:
    async for _ in connection:
        pass


def in_process(number: int, seconds: float) -> dict[str, float]:
    """Return what `number` streams cost without sockets: resampling, features, and a reading a second."""
    sound, classifier = messages(), load_classifier()
    hello, config = Hello(RATE, WIDTH, 1, None, 0.05), SessionConfig()
    streams = [JudgedStream(classifier, config, str(index), hello) for index in range(number)]
    readings = 0
    begun = time.process_time()
    for index in range(round(FRAMES_PER_S * seconds)):
        for stream in streams:
            stream.take(Kind.AUDIO, sound[index % len(sound)])
            readings += len(stream.turn())
    spent = time.process_time() - begun
    assert readings >= number * (seconds - 1)
    return {"cpu_s": spent, "memory_mb": usage([os.getpid()]).memory_mb}


def main() -> None:
    """Parse the command line, and send sound or push it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument("address", nargs="?", help="such as ws://127.0.0.1:8765")
    parser.add_argument("number", type=int)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    if options.address:
        asyncio.run(send(options.address, options.number, options.seconds))
    else:
        print(json.dumps(in_process(options.number, options.seconds)))  # noqa: T201


if __name__ == "__main__":
    main()
