"""What runs beside a server in its event loop: announcements, the broker, the service manager, certificates."""

import asyncio
import logging
import socket
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from paces_live.errors import AccessError
from paces_live.sensor import Sensor
from paces_live.server.backend import MAIN, Backend
from paces_live.server.broker import Broker
from paces_live.server.mdns import announced
from paces_live.server.mqtt import publish
from paces_live.server.serve import Port
from paces_live.system.sd_notify import Watchdog

if TYPE_CHECKING:
    from paces_live.server.access.certificate import Certificate

_log = logging.getLogger(__name__)

LAG_MAX_S = 10.0
"""Lag from which on the input counts as hung, seconds; the service manager then starts the server again."""
LOOK_S = 1.0
"""Time between two looks at the input, seconds."""
SENSOR_S = 5.0
"""Time between two looks at the sensor, seconds."""
RENEWAL_S = 3600.0
"""Time between two looks whether the certificate has to be renewed, seconds."""


class Beside:
    """Keeps others informed for as long as a server runs.

    Parameters
    ----------
    backend : Backend
    certificate : Certificate or None
        To be renewed.
    broker : Broker or None
        Gets the events of the machine's input.
    announced_port : Port or None
        To be announced on the local network.
    sensor : Sensor or None
        What is wrong with it is logged.
    open_to_all : bool
        Whether nobody needs a token.
    """

    def __init__(
        self,
        backend: Backend,
        certificate: "Certificate | None" = None,
        broker: Broker | None = None,
        announced_port: Port | None = None,
        sensor: Sensor | None = None,
        *,
        open_to_all: bool = False,
    ) -> None:
        self._backend = backend
        self._certificate = certificate
        self._broker = broker
        self._port = announced_port
        self._sensor = sensor
        self._open = open_to_all

    async def run(self) -> None:
        """Run until cancelled; raises `ServerError` if a package is missing."""
        async with AsyncExitStack() as stack:
            if self._port is not None:
                number, name = self._port.socket.getsockname()[1], f"paces-live on {socket.gethostname()}"
                service = announced(number, name=name, tls=bool(self._port.tls), auth="none" if self._open else "token")
                await stack.enter_async_context(service)
            tasks: list[Coroutine[Any, Any, None]] = [self._keep_alive()]
            tasks += [self._renew(self._certificate)] if self._certificate else []
            tasks += [self._publish(self._broker)] if self._broker else []
            tasks += [_watch(self._sensor)] if self._sensor else []
            await asyncio.gather(*tasks)

    async def _keep_alive(self) -> None:
        """Let the service manager know that we are alive, for as long as the input does not hang."""
        with Watchdog.of_this_process() as watchdog:
            while True:
                if self._backend.lag_s < LAG_MAX_S:
                    watchdog.alive()
                await asyncio.sleep(LOOK_S)

    async def _renew(self, certificate: "Certificate") -> None:
        while True:
            await asyncio.sleep(RENEWAL_S)
            try:
                certificate.renew()
            except AccessError as error:
                _log.warning("%s", error)

    async def _publish(self, broker: Broker) -> None:
        stream, listener = self._backend.stream(MAIN), self._backend.listener
        subscription = stream.subscribe(listener)

        def on_target() -> None:
            subscription.again()
            stream.retarget()

        await publish((given[1] async for given in subscription if given), listener, broker, on_target=on_target)


async def _watch(sensor: Sensor) -> None:
    """Log what keeps a sensor from speaking, once."""
    said: str | None = None
    while True:
        await asyncio.sleep(SENSOR_S)
        if sensor.condition != said:
            said = sensor.condition
            _log.warning("the runner's sensor: %s", said or "all is well")
