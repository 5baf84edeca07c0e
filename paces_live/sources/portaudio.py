"""PortAudio: one library for the whole process, so one module starts it, ends it, lists devices and opens streams.

PortAudio lists devices once, when it starts. To see a device that was plugged in later it must end and start again, and
that closes every open stream. So this module counts the open streams, and starts PortAudio again only if there is none.
"""

import atexit
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from paces_live.errors import SourceError, reason
from paces_live.sources.deadline import Deadline
from paces_live.sources.native_stderr import silence_native_stderr

_log = logging.getLogger(__name__)

Direction = Literal["input", "output"]
_DOING = re.compile(r"^Error \w+ \w+: ")
"""What sounddevice was doing; our own message says that better."""
_ALSA_PLACE = re.compile(r"\s*\(hw:\d+,\d+\)$")
_NOUN = {"input": "microphone", "output": "sound card"}
_OPTION = {"input": "--input mic:NAME", "output": "--output NAME"}
_NONE = {
    "input": "plug one in, or choose --input monitor, a file or - (a pipe)",
    "output": "plug one in, or analyse the files instead: paces-live analyze",
}
_BUSY = {
    "input": "close other programs that use it, or choose another of paces-live devices",
    "output": "close other programs that use it, or choose another with --output",
}

OPEN_S = 5.0
"""Time that a device has to open, seconds; a sound server that has to start first may need 2 s."""
CLOSE_S = 1.0
"""Time that a device has to close, seconds; then it is left open, and the program goes on."""

_lock = threading.RLock()
_deadline = Deadline("portaudio")
_open_streams = 0


@dataclass(frozen=True, slots=True)
class Device:
    """An input or output of PortAudio.

    Attributes
    ----------
    index : int
        Its number, until PortAudio starts again.
    name : str
    rate : int
        Its own sample rate, Hz.
    channels : int
    default : bool
        Whether the system uses it by default.
    """

    index: int
    name: str
    rate: int
    channels: int
    default: bool


def load() -> ModuleType:
    """Return sounddevice with PortAudio started, and kept from printing over the user interface.

    Raises
    ------
    SourceError
        PortAudio is not installed, or does not start.
    """
    silence_native_stderr()
    try:
        # Deferred: the import starts PortAudio, which probes every device: 0.1 to 1 s.
        import sounddevice
    except OSError as error:
        raise SourceError(
            "PortAudio is not installed, and microphones and sound cards need it",
            hint="apt install libportaudio2",
            code="source.no_portaudio",
        ) from error
    except Exception as error:  # the error of sounddevice has no name before it is imported
        raise SourceError(
            f"PortAudio does not start ({_reason(error)})",
            hint="check the sound system with: aplay -l",
            code="source.no_portaudio",
        ) from error
    module: ModuleType = sounddevice
    return module


def version() -> str:
    """Return the version of PortAudio; raises as `load` does."""
    return str(load().get_portaudio_version()[1]).split(",")[0]


def devices(direction: Direction) -> list[Device]:
    """Return all inputs or outputs, in PortAudio's order; raises as `load` does."""
    with _lock:
        portaudio = load()
        default = portaudio.default.device[direction == "output"]
        return [
            Device(
                index=record["index"],
                name=" ".join(record["name"].split()),
                rate=round(record["default_samplerate"]),
                channels=record[f"max_{direction}_channels"],
                default=record["index"] == default,
            )
            for record in portaudio.query_devices()
            if record.get(f"max_{direction}_channels", 0) > 0
        ]


def refresh() -> bool:
    """Let PortAudio see what was plugged in and unplugged; return whether it did.

    It does not while a stream is open anywhere in this process: that stream would end. The old list then stays, in
    which a device that returns to its place keeps its number.

    Raises
    ------
    SourceError
        PortAudio does not start again.
    """
    with _lock:
        portaudio = load()
        if _open_streams:
            _log.info("the device list stays: %d streams are open", _open_streams)
            return False
        try:
            portaudio._terminate()  # noqa: SLF001 - sounddevice has no public name for it
            portaudio._initialize()  # noqa: SLF001
        except portaudio.PortAudioError as error:
            raise SourceError(
                f"PortAudio does not start again ({_reason(error)})",
                hint="check the sound system with: aplay -l",
                code="source.no_portaudio",
            ) from error
        return True


def find(found: list[Device], wanted: str | None, direction: Direction) -> Device:
    """Return the device that `wanted` names, fully or in part, in any case; None is the default.

    Raises
    ------
    SourceError
        No device has that name, or several do.

    Examples
    --------
    >>> usb = Device(3, "USB Audio (hw:1,0)", rate=48_000, channels=1, default=False)
    >>> pulse = Device(5, "pulse", rate=44_100, channels=32, default=True)
    >>> find([usb, pulse], "usb", "input").index, find([usb, pulse], None, "input").index
    (3, 5)
    """
    noun = _NOUN[direction]
    if not found:
        raise SourceError(f"no {noun} was found", hint=_NONE[direction], code="source.device_not_found")
    names = ", ".join(dict.fromkeys(device.name for device in found))
    if wanted is None:
        for device in found:
            if device.default:
                return device
        raise SourceError(
            f"the system has no default {noun}",
            hint=f"choose one with {_OPTION[direction]}, of: {names}",
            code="source.device_not_found",
        )
    name = wanted.strip().casefold()
    if exact := [device for device in found if device.name.casefold() == name]:
        return exact[0]
    # A name that was written down may have another place by now.
    for part in filter(None, (name, _ALSA_PLACE.sub("", name))):
        if partly := [device for device in found if part in device.name.casefold()]:
            break
    else:
        raise SourceError(
            f"no {noun} is called {wanted!r}", hint=f"choose one of: {names}", code="source.device_not_found"
        )
    if len(partly) > 1:
        several = ", ".join(device.name for device in partly)
        raise SourceError(
            f"several {noun}s are called {wanted!r}",
            hint=f"give more of the name of one of: {several}",
            code="source.ambiguous_name",
        )
    return partly[0]


def stable_name(name: str, names: list[str]) -> str:
    """Return the part of a device's name that stays if it is plugged in elsewhere, unless others of `names` have it.

    Examples
    --------
    >>> stable_name("USB Audio (hw:1,0)", ["USB Audio (hw:1,0)", "pulse"])
    'USB Audio'
    """
    short = _ALSA_PLACE.sub("", name)
    same = [other for other in names if short.casefold() in other.casefold()]
    return short if short and same == [name] else name


@contextmanager
def stream(
    direction: Direction,
    device: Device,
    *,
    channels: int,
    latency: float | str,
    callback: Callable[..., None],
    rate: int | None = None,
    name: str,
) -> Iterator[Any]:
    """Open a stream of float32 samples on `device`, not started; close it at the end.

    Parameters
    ----------
    direction : {"input", "output"}
    device : Device
    channels : int
    latency : float or str
        Seconds, or ``high``.
    callback : callable
        As sounddevice calls it, from a thread of PortAudio.
    rate : int, optional
        Sample rate, Hz; the device's own by default.
    name : str
        What error messages call it.

    Raises
    ------
    SourceError
        The device cannot be opened or started.
    """
    global _open_streams
    with _lock:
        portaudio = load()
        kind = portaudio.InputStream if direction == "input" else portaudio.OutputStream
        options = {
            "device": device.index,
            "samplerate": rate or device.rate,
            "channels": channels,
            "dtype": "float32",
            "blocksize": 0,
            "latency": latency,
            "callback": callback,
        }
        try:
            opened = _deadline.call(lambda: kind(**options), OPEN_S)
        except TimeoutError as error:
            _leave_open(portaudio)
            raise _unusable(name, "opened", error, direction) from error
        except portaudio.PortAudioError as error:
            raise _unusable(name, "opened", error, direction) from error
        _open_streams += 1
    try:
        yield opened
    except portaudio.PortAudioError as error:
        raise _unusable(name, "started", error, direction) from error
    finally:
        with _lock:
            try:
                _deadline.call(lambda: _close(portaudio, opened), CLOSE_S)
            except TimeoutError as error:
                _leave_open(portaudio)
                _log.info("%s is left open: %s", name, error)
            else:
                _open_streams -= 1


def _close(portaudio: ModuleType, opened: Any) -> None:
    # A device that is gone cannot be stopped.
    with suppress(portaudio.PortAudioError):
        # Not stop: it waits for what is on the way, 20 s if a device delivers nothing any more.
        opened.abort()
    with suppress(portaudio.PortAudioError):
        opened.close()


def _leave_open(portaudio: ModuleType) -> None:
    """Let the program end without PortAudio, which would wait for a frozen device once more."""
    atexit.unregister(portaudio._exit_handler)  # noqa: SLF001 - sounddevice has no public name for it


def _unusable(name: str, what: str, error: Exception, direction: Direction) -> SourceError:
    return SourceError(f"{name} cannot be {what} ({_reason(error)})", hint=_BUSY[direction], code="source.device_busy")


def _reason(error: Exception) -> str:
    """Return PortAudio's message as a part of a line, without the code after it."""
    return _DOING.sub("", reason(type(error)(error.args[0]) if error.args else error))
