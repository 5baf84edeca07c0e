"""A microphone, or any other input that PortAudio knows."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.sources import portaudio
from paces_live.sources.block import Block
from paces_live.sources.portaudio import Device
from paces_live.sources.reconnect import Reconnection
from paces_live.sources.resample import MonoResampler
from paces_live.sources.ring import SampleRing

POLL_S = 0.1
"""Pause between two looks at the ring, seconds: short against a reading, long against the period of a callback."""
SILENT_S = 3.0
"""Time without a callback after which a device is gone, seconds."""
CHANNELS_MAX = 8
"""Most channels that are opened. A device with more is a converter of the sound system that makes any number."""


class MicrophoneSource:
    """Sound from an input device, opened at the device's own rate and resampled here.

    The callback only copies. If the reader is late by more than 25 s, the oldest samples are in `Block.dropped`. So is
    what the sound system lost; it does not say how much, so that it counts as one callback. If the device is unplugged,
    it is opened again by its stable name when it returns.

    Parameters
    ----------
    device : str or None
        Name of the device or a part of it, in any case; None is the default input of the system.
    sample_rate : int
        Sample rate of the blocks, Hz.
    """

    live = True

    def __init__(self, device: str | None, sample_rate: int) -> None:
        self._device = device
        self._sample_rate = sample_rate
        self._opened: Device | None = None
        self._reconnection = Reconnection("microphone", sample_rate)

    @property
    def name(self) -> str:
        """``mic:`` and the full name of the device; before it is open, the name asked for or ``default``."""
        return f"mic:{self._opened.name if self._opened else self._device or 'default'}"

    def blocks(self) -> Generator[Block, None, None]:
        """Yield everything new without end, at least an empty block every half second; see `Source.blocks`."""
        return self._reconnection.blocks(self._connect)

    def _connect(self) -> Generator[Block, None, None]:
        if self._opened:
            portaudio.refresh()
        devices = portaudio.devices("input")
        device = portaudio.find(devices, self._device, "input")
        self._opened = device
        # Even if the system has another default by then, we look for the same device again.
        self._device = portaudio.stable_name(device.name, [one.name for one in devices])
        channels = device.channels if device.channels <= CHANNELS_MAX else 2
        capture = _Capture(device.rate, channels)
        opening = portaudio.stream(
            "input", device, channels=channels, latency="high", callback=capture.callback, name=self.name
        )
        with opening as stream:
            stream.start()
            yield from self._stretches(capture, device, channels, lambda: bool(stream.active))

    def _stretches(
        self, capture: "_Capture", device: Device, channels: int, active: Callable[[], bool]
    ) -> Iterator[Block]:
        """Yield what arrives, cut at losses: the resampler must not join the two sides."""
        resampler = MonoResampler(device.rate, self._sample_rate, name=self.name)
        arrived = time.monotonic()
        while True:
            if capture.ring.wait(POLL_S * 5):
                arrived = time.monotonic()
            elif time.monotonic() - arrived > SILENT_S or not active():
                raise SourceError(f"{self.name} stopped delivering", hint="check its plug, then start again")
            for values, lost in capture.stretches():
                frames = values.reshape(-1, channels)
                if not lost:
                    yield Block(resampler.push(frames))
                    continue
                yield Block(resampler.flush())
                resampler = MonoResampler(device.rate, self._sample_rate, name=self.name)
                dropped = max(1, round(lost / channels * self._sample_rate / device.rate))
                yield Block(resampler.push(frames), dropped)
            time.sleep(POLL_S)


class _Capture:
    """What the audio callback and the reading thread share: the ring, and the places of losses."""

    def __init__(self, rate: int, channels: int) -> None:
        self.ring = SampleRing.of_seconds(rate, channels=channels)
        self._overflows: deque[tuple[int, int]] = deque()
        self._position = 0

    def callback(self, indata: NDArray[np.float32], _frames: int, _time: Any, status: Any) -> None:
        """Copy the samples; a thread of PortAudio calls this."""
        if status.input_overflow and self.ring.written:
            # PortAudio reports a loss before `indata`, but not its size; before the first block nothing was lost.
            self._overflows.append((self.ring.written, indata.size))
        self.ring.write(indata.reshape(-1))

    def stretches(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield what is new as unbroken stretches of interleaved values, each with the loss right before it."""
        values, lost = self.ring.read()
        self._position += lost
        end = self._position + len(values)
        while self._overflows and self._overflows[0][0] < end:
            position, size = self._overflows.popleft()
            if position > self._position:
                cut = position - self._position
                yield values[:cut], lost
                values, lost = values[cut:], 0
                self._position = position
            lost += size
        self._position = end
        yield values, lost
