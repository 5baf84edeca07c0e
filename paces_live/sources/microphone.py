"""A microphone, or any other input that PortAudio knows."""

import contextlib
import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError
from paces_live.sources.block import Block
from paces_live.sources.native_stderr import silence_libraries
from paces_live.sources.reconnect import Reconnection
from paces_live.sources.resample import MonoResampler
from paces_live.sources.ring import SampleRing

POLL_S = 0.1
"""Pause between two looks at the ring: short against a reading a second, long against a callback's period."""
SILENT_S = 3.0
"""A device that calls back nothing for so long is taken for gone."""
CHANNELS_MAX = 8
"""A device with more is a converter of the sound system's that makes as many as one asks for: two are asked for."""
_DOING = re.compile(r"^Error \w+ \w+: ")
"""What sounddevice was about, which our own words say better."""
_ALSA_PLACE = re.compile(r"\s*\(hw:\d+,\d+\)$")


@dataclass(frozen=True, slots=True)
class Device:
    """An input of PortAudio: its index now, its name, its own rate (Hz) and how many channels it has."""

    index: int
    name: str
    rate: int
    channels: int
    default: bool


class MicrophoneSource:
    """Sound from an input device, opened at the device's own rate and resampled here.

    The callback only copies. What is not fetched within 25 s is in the next block's `dropped`, and so is what
    the sound system lost (it does not say how much: it counts as one callback's frames). A device that is unplugged
    is looked for by its stable name until it is back.

    Parameters
    ----------
    device : str or None
        The device's name or a part of it, in any case; None is the system's default input.
    sample_rate : int
        The engine's rate, Hz.
    """

    live = True

    def __init__(self, device: str | None, sample_rate: int) -> None:
        self._device = device
        self._sample_rate = sample_rate
        self._opened: Device | None = None
        self._reconnection = Reconnection("microphone", sample_rate)

    @property
    def name(self) -> str:
        """``mic:`` and the device's full name; before it is opened, the name asked for or ``default``."""
        return f"mic:{self._opened.name if self._opened else self._device or 'default'}"

    @property
    def note(self) -> str | None:
        """That it is gone, and when it is tried again."""
        return self._reconnection.note

    def blocks(self) -> Generator[Block, None, None]:
        """Yield all that is new, at least every half second (empty where nothing came), without end."""
        return self._reconnection.blocks(self._session)

    def _session(self) -> Generator[Block, None, None]:
        portaudio = load_portaudio()
        if self._opened:
            look_again(portaudio)
        devices = input_devices(portaudio)
        device = find_device(devices, self._device)
        self._opened = device
        # Whatever the system's default is by then, what is looked for again is the same device.
        self._device = stable_name(device.name, [one.name for one in devices])
        channels = device.channels if device.channels <= CHANNELS_MAX else 2
        capture = _Capture(device.rate, channels)
        try:
            stream = portaudio.InputStream(
                device=device.index,
                samplerate=device.rate,
                channels=channels,
                dtype="float32",
                blocksize=0,
                latency="high",
                callback=capture.callback,
            )
        except portaudio.PortAudioError as error:
            raise SourceError(f"{self.name} cannot be opened ({reason(error)}): {_BUSY}") from error
        try:
            stream.start()
            yield from self._stretches(capture, device, channels, lambda: bool(stream.active))
        except portaudio.PortAudioError as error:
            raise SourceError(f"{self.name} cannot be started ({reason(error)}): {_BUSY}") from error
        finally:
            # A device that is gone cannot be stopped.
            with contextlib.suppress(portaudio.PortAudioError):
                # Not stop: it waits for what is on the way, 20 s with a device that delivers nothing any more.
                stream.abort()
            with contextlib.suppress(portaudio.PortAudioError):
                stream.close()

    def _stretches(
        self, capture: "_Capture", device: Device, channels: int, active: Callable[[], bool]
    ) -> Iterator[Block]:
        """Yield what arrives, cut where something was lost: the resampler must not join the two sides."""
        resampler = MonoResampler(device.rate, self._sample_rate, name=self.name)
        heard = time.monotonic()
        while True:
            if capture.ring.wait(POLL_S * 5):
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENT_S or not active():
                raise SourceError(f"{self.name} stopped delivering: check its plug, then start again")
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
    """What the audio callback and the reading thread share: the ring, and where something was lost."""

    def __init__(self, rate: int, channels: int) -> None:
        self.ring = SampleRing.of_seconds(rate, channels=channels)
        self._overflows: deque[tuple[int, int]] = deque()
        self._position = 0

    def callback(self, indata: NDArray[np.float32], _frames: int, _time: Any, status: Any) -> None:
        """Copy; called by PortAudio's thread."""
        if status.input_overflow and self.ring.written:
            # PortAudio tells that something before `indata` was lost, not how much; before the first, nothing was.
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


def load_portaudio() -> ModuleType:
    """Return sounddevice, its system library loaded and kept from printing over the user interface.

    Raises
    ------
    SourceError
        PortAudio is not there, or does not start.
    """
    silence_libraries()
    try:
        # Deferred: the import starts PortAudio, which probes every device: 0.1 to 1 s.
        import sounddevice
    except OSError as error:
        raise SourceError("microphones need PortAudio: apt install libportaudio2") from error
    except Exception as error:  # sounddevice's own error cannot be named before it is imported
        raise SourceError(
            f"PortAudio does not start ({reason(error)}): check the sound system with: aplay -l"
        ) from error
    module: ModuleType = sounddevice
    return module


def input_devices(portaudio: ModuleType) -> list[Device]:
    """Return all devices that can be listened to, in PortAudio's order."""
    default = portaudio.default.device[0]
    return [
        Device(
            index=record["index"],
            name=" ".join(record["name"].split()),
            rate=round(record["default_samplerate"]),
            channels=record["max_input_channels"],
            default=record["index"] == default,
        )
        for record in portaudio.query_devices()
        if record["max_input_channels"] > 0
    ]


def find_device(devices: list[Device], wanted: str | None) -> Device:
    """Return the device that `wanted` names, fully or in part; none or several is a `SourceError`."""
    if not devices:
        raise SourceError("no microphone was found: plug one in, or choose --input playback, a file or - (a pipe)")
    names = ", ".join(dict.fromkeys(device.name for device in devices))
    if wanted is None:
        found = [device for device in devices if device.default]
        if not found:
            raise SourceError(f"the system has no default microphone: choose one with --input mic:NAME, of: {names}")
        return found[0]
    name = wanted.casefold()
    if exact := [device for device in devices if device.name.casefold() == name]:
        return exact[0]
    # Where it is plugged is not who it is: a name that was written down may have another place by now.
    for part in (name, _ALSA_PLACE.sub("", name)):
        if found := [device for device in devices if part in device.name.casefold()]:
            break
    else:
        raise SourceError(f"no microphone is called {wanted!r}: choose one of: {names}")
    if len(found) > 1:
        several = ", ".join(device.name for device in found)
        raise SourceError(f"several microphones are called {wanted!r}: give more of the name of one of: {several}")
    return found[0]


def stable_name(name: str, names: list[str]) -> str:
    """Return the part of a device's name that stays when it is plugged elsewhere, if of `names` it is in this only."""
    short = _ALSA_PLACE.sub("", name)
    same = [other for other in names if short.casefold() in other.casefold()]
    return short if short and same == [name] else name


def look_again(portaudio: ModuleType) -> None:
    """Let PortAudio see what was plugged and unplugged: it lists the devices once, when it starts."""
    try:
        portaudio._terminate()  # noqa: SLF001 - sounddevice has no public name for it
        portaudio._initialize()  # noqa: SLF001
    except portaudio.PortAudioError as error:
        raise SourceError(f"PortAudio does not start again ({reason(error)}): check the sound system") from error


_BUSY = "close other programs that use it, or choose another of paces-live devices"


def reason(error: Exception) -> str:
    """Return PortAudio's words of an error as a part of a line."""
    words = " ".join(str(error.args[0] if error.args else error).split()).rstrip(".")
    return _DOING.sub("", words)
