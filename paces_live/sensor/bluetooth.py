"""The sensor: a thread that finds a device over Bluetooth LE, takes its step rate, and looks for it when it is gone."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Self

from paces_live.errors import SensorError, pip_install, reason
from paces_live.sensor.measurement import MACHINE_SERVICE, RSC_SERVICE, readers
from paces_live.text import one_line

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

_log = logging.getLogger(__name__)

STALE_S = 5.0
"""Age from which a cadence is no longer what the runner does, seconds."""
SCAN_S = 5.0
"""Time that devices have to make themselves known, seconds; most do so ten times a second, and some once."""
CONNECT_S = 15.0
"""Time that a device has to answer, seconds."""
SILENT_S = 60.0
"""Time without a value after which the connection counts as dead, seconds. Bluetooth does not always notice."""
AGAIN_S = (1.0, 30.0)
"""First and longest time between two searches, seconds; it doubles, because a search costs the battery and the air."""
END_S = 2.0
"""Time that the thread has to let the device go, seconds. It is a daemon: it cannot keep the program from ending."""

SEARCHING, NONE, LOST = "searching for a sensor", "no sensor", "sensor lost, searching"
STILL, USELESS, UNANSWERED = "no steps", "sensor without step rate", "sensor does not answer"
NO_BLUETOOTH, OFF = "no Bluetooth", "Bluetooth is off"
"""The conditions; they have to fit below the large figures of the screen."""


class CadenceSensor:
    """Knows the cadence of a runner from entering to leaving a ``with``; its attributes may be read from any thread.

    Whatever goes wrong with Bluetooth is a condition, and the search goes on. Without a name, a device that was found
    stays the one: another runner's is never taken in its place. With a name, whatever has it is taken: the address of a
    watch changes every few minutes.

    Parameters
    ----------
    name : str
        A part of the name of the device, or its address; empty for the one that is nearest.
    on_cadence : callable
        Called in the thread of the sensor with the time, seconds of `time.monotonic`, and the cadence.

    Raises
    ------
    SensorError
        A package is missing; raised on entering.
    """

    def __init__(self, name: str = "", on_cadence: Callable[[float, float], None] = lambda _t, _cadence: None) -> None:
        self._name = name.casefold()
        self._on_cadence = on_cadence
        self._address: str | None = None
        self._useless = set[str]()
        self._problem: str | None = SEARCHING
        self._newest: tuple[float, float] | None = None

    @property
    def cadence(self) -> float | None:
        """Steps per minute; None if the newest are older than `STALE_S`."""
        newest = self._newest
        return newest[1] if newest and time.monotonic() - newest[0] <= STALE_S else None

    @property
    def condition(self) -> str | None:
        """Why the cadence is not known, in a few words; None if it is."""
        return None if self.cadence is not None else self._problem or STILL

    def __enter__(self) -> Self:
        _need_bleak()
        self._loop = asyncio.new_event_loop()
        # What fails beside our own task belongs in the log: Python would write it across the screen.
        self._loop.set_exception_handler(lambda _, failed: _log.info("Bluetooth: %s", failed.get("message")))
        self._task = self._loop.create_task(self._follow())
        self._thread = threading.Thread(target=self._run, name="sensor", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A loop that is closed has ended by itself.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(END_S)

    def _run(self) -> None:
        # The runner also ends what bleak left running in the loop.
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_cancelled())

    async def _until_cancelled(self) -> None:
        with suppress(asyncio.CancelledError):
            await self._task

    async def _follow(self) -> None:
        """Search, and take what the device says; again and again, with growing pauses."""
        first, longest = AGAIN_S
        pause = first
        while True:
            device = None
            try:
                device = await self._found()
                if device is not None and await self._listen_to(device):
                    pause = first
                self._report(LOST if self._address else USELESS if self._useless else NONE)
            except Exception as error:  # noqa: BLE001 - the thread would die alone, and nobody would search any more
                _log.info("Bluetooth: %r", error)
                self._report(_problem(error, LOST if self._address else UNANSWERED if device else NO_BLUETOOTH))
            await asyncio.sleep(pause)
            pause = min(2.0 * pause, longest)

    async def _found(self) -> "BLEDevice | None":
        """Return the device that is wanted, or the best one in reach; None if there is none."""
        from bleak import BleakScanner

        if self._address or self._name:
            return await BleakScanner.find_device_by_filter(self._is_wanted, timeout=SCAN_S)
        useful = (device for device, _ in await _advertising() if device.address not in self._useless)
        return next(useful, None)

    def _is_wanted(self, device: "BLEDevice", advertised: "AdvertisementData") -> bool:
        if not self._name:
            return device.address == self._address
        name = advertised.local_name or device.name or ""
        return self._name in name.casefold() or self._name == device.address.casefold()

    async def _listen_to(self, device: "BLEDevice") -> bool:
        """Take the cadences of a device until it is gone; return False immediately if it has none."""
        from bleak import BleakClient
        from bleak.uuids import normalize_uuid_16

        gone = asyncio.Event()
        async with BleakClient(device, lambda _: gone.set(), timeout=CONNECT_S) as client:
            offered = ((client.services.get_characteristic(normalize_uuid_16(one)), steps) for one, steps in readers())
            best = next(((one, steps) for one, steps in offered if one is not None), None)
            if best is None:
                self._useless.add(device.address)
                return False
            characteristic, steps = best
            self._address = device.address
            _log.info("the cadence comes from %s (%s)", one_line(device.name or "a device"), device.address)
            await client.start_notify(characteristic, lambda _, value: self._take(steps(bytes(value))))
            self._report(None)
            await self._until_gone(client, gone)
        return True

    async def _until_gone(self, client: "BleakClient", gone: asyncio.Event) -> None:
        """Wait until the device has gone, or has said nothing for too long."""
        connected_at = time.monotonic()
        while not gone.is_set() and client.is_connected:
            heard_at = self._newest[0] if self._newest else connected_at
            left = max(heard_at, connected_at) + SILENT_S - time.monotonic()
            if left <= 0.0:
                return
            try:
                await asyncio.wait_for(gone.wait(), left)
            except TimeoutError:
                continue

    def _take(self, cadence: float | None) -> None:
        if cadence is not None:
            self._newest = (time.monotonic(), cadence)
            self._on_cadence(*self._newest)

    def _report(self, problem: str | None) -> None:
        if problem is not None and problem != self._problem:
            _log.info("%s", problem)
        self._problem = problem


def in_reach() -> list[str]:
    """Return the name and the address of the sensors that can be reached now, best first; it takes `SCAN_S`.

    Raises
    ------
    SensorError
        A package is missing, or Bluetooth does not work.
    """
    _need_bleak()
    try:
        found = asyncio.run(_advertising())
    except Exception as error:
        # Bleak raises what its layers raise.
        problem = _problem(error, NO_BLUETOOTH)
        raise SensorError(
            f"{problem} ({reason(error)})",
            hint="apt install bluez, then: bluetoothctl power on",
            code="sensor.no_bluetooth",
        ) from error
    return [
        f"{one_line(advertised.local_name or device.name or '?')} ({device.address})" for device, advertised in found
    ]


async def _advertising() -> "list[tuple[BLEDevice, AdvertisementData]]":
    """Return the devices that advertise one of our services: step counters before machines, and the nearest first."""
    # Deferred: it costs 0.07 s (measured), which only runners with a sensor need to pay.
    from bleak import BleakScanner
    from bleak.uuids import normalize_uuid_16

    services = [normalize_uuid_16(RSC_SERVICE), normalize_uuid_16(MACHINE_SERVICE)]
    found = await BleakScanner.discover(SCAN_S, return_adv=True, service_uuids=services)
    return sorted(found.values(), key=lambda one: (services[0] in one[1].service_uuids, one[1].rssi), reverse=True)


def _need_bleak() -> None:
    if find_spec("bleak") is None:
        raise SensorError(
            "the package that speaks Bluetooth is missing", hint=pip_install("bleak"), code="sensor.package_missing"
        )


def _problem(error: Exception, otherwise: str) -> str:
    """Return the condition that an error of bleak amounts to."""
    why = getattr(getattr(error, "reason", None), "name", "")
    if why == "POWERED_OFF":
        return OFF
    return NO_BLUETOOTH if why or isinstance(error, OSError) else otherwise
