"""Bluetooth LE without hardware: sensors and an adapter of bumble on a virtual link, behind a BlueZ of our own.

Everything but the kernel and bluetoothd is real: bleak speaks D-Bus to this, and what it asks for is done over the
link, by a GATT client of bumble that speaks to the GATT server of the sensor.
"""

import uuid
from typing import Annotated, Any

import pytest

from tests.support.players import Bus

ADAPTER = "/org/bluez/hci0"
RSC_SERVICE, MACHINE_SERVICE = 0x1814, 0x1826
ADVERTISING_MS = 20.0
RSC_MEASUREMENT, TREADMILL_DATA, CROSS_TRAINER_DATA = 0x2A53, 0x2ACD, 0x2ACE


def rsc(cadence: int, speed: float = 3.0) -> bytes:
    """Return an RSC Measurement: steps or strides per minute, at a speed in m/s."""
    return bytes([0, *round(256 * speed).to_bytes(2, "little"), cadence])


class Sensor:
    """A sensor that advertises a service and sends values of one characteristic to whoever is connected."""

    def __init__(self, link: Any, number: int, name: str, service: int, characteristic: int, rssi: int) -> None:
        from bumble.controller import Controller
        from bumble.core import UUID, AdvertisingData
        from bumble.device import Device
        from bumble.gatt import Characteristic, Service
        from bumble.hci import Address
        from bumble.host import Host
        from bumble.transport.common import AsyncPipeSink

        self.address = f"F{number}:00:00:00:00:0{number}"
        controller = Controller(name, link=link)
        self.device = Device(name=name, address=Address(self.address), host=Host(controller, AsyncPipeSink(controller)))
        self.service, self.name, self.rssi, self.busy = service, name, rssi, False
        self._value: Any = Characteristic(
            UUID.from_16_bits(characteristic), Characteristic.Properties.NOTIFY, Characteristic.READABLE, b""
        )
        self.device.add_service(Service(UUID.from_16_bits(service), [self._value]))
        self.device.advertising_data = bytes(
            AdvertisingData(
                [
                    (AdvertisingData.COMPLETE_LOCAL_NAME, name.encode()),
                    (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, service.to_bytes(2, "little")),
                ]
            )
        )

    async def switch_on(self) -> None:
        """Become visible."""
        await self.device.power_on()
        await self.advertise()

    async def advertise(self) -> None:
        """Be visible until somebody connects, and again when the connection ends."""
        await self.device.start_advertising(
            auto_restart=True, advertising_interval_min=ADVERTISING_MS, advertising_interval_max=ADVERTISING_MS
        )

    async def notify(self, value: bytes) -> None:
        """Send a value to all who are connected and asked for it."""
        await self.device.notify_subscribers(self._value, value)

    async def vanish(self) -> None:
        """Lose the connection, and be visible no more."""
        for connection in list(self.device.connections.values()):
            await connection.disconnect()
        await self.device.stop_advertising()


class BlueZ:
    """The part of bluetoothd that bleak uses, on a private bus; its adapter is one of bumble.

    Attributes
    ----------
    bus : Bus
    connects : list of str
        The addresses that were connected to, in order.
    """

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.connects: list[str] = []
        self._sensors: dict[str, Sensor] = {}
        bus.do(self._start())

    async def _start(self) -> None:
        from bumble.controller import Controller
        from bumble.device import Device
        from bumble.hci import Address
        from bumble.host import Host
        from bumble.link import LocalLink
        from bumble.transport.common import AsyncPipeSink

        self.link = LocalLink()  # type: ignore[no-untyped-call]
        controller = Controller("adapter", link=self.link)
        self.central = Device(
            name="adapter", address=Address("F0:F0:F0:F0:F0:F0"), host=Host(controller, AsyncPipeSink(controller))
        )
        await self.central.power_on()
        self.central.on("advertisement", self._on_advertisement)
        await self._appear()

    def appear(self) -> None:
        """Appear on the bus, with an adapter and no device: so does bluetoothd when it starts."""
        self.bus.do(self._appear())

    async def _appear(self) -> None:
        from dbus_fast.aio import MessageBus

        for connection in list(self.central.connections.values()):
            await connection.disconnect()
        self._devices: dict[str, Any] = {}
        self.connection = await MessageBus(bus_address=self.bus.address).connect()
        self.adapter = _adapter(self.central)
        self.connection.export(ADAPTER, self.adapter)
        await self.connection.request_name("org.bluez")
        self.bus.connections.append(self.connection)

    def sensor(self, name: str, service: int, characteristic: int, *, rssi: int = -50) -> Sensor:
        """Return a new sensor that is switched on; the link knows no distance, so its strength is what we say."""

        async def switched_on() -> Sensor:
            sensor = Sensor(self.link, len(self._sensors) + 1, name, service, characteristic, rssi)
            await sensor.switch_on()
            return sensor

        sensor: Sensor = self.bus.do(switched_on())
        self._sensors[sensor.address] = sensor
        return sensor

    def power(self, on: bool) -> None:
        """Switch Bluetooth on or off."""
        self.bus.call(self.adapter.power, on)

    def _on_advertisement(self, advertisement: Any) -> None:
        address = advertisement.address.to_string(False)
        device = self._devices.get(address)
        if device is None:
            sensor = self._sensors[address]
            device = self._devices[address] = _device(self, address, sensor)
            self.connection.export(device.path, device)
        device.seen()


def _long(short: Any) -> str:
    """Return a UUID of bumble as BlueZ writes it."""
    return str(uuid.UUID(bytes=bytes(reversed(short.to_bytes(force_128=True)))))


def _adapter(central: Any) -> Any:
    from dbus_fast.annotations import DBusBool, DBusDict, DBusSignature, DBusStr
    from dbus_fast.constants import PropertyAccess
    from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

    class Adapter(ServiceInterface):
        powered = True

        def __init__(self) -> None:
            super().__init__("org.bluez.Adapter1")

        @dbus_property(access=PropertyAccess.READ, name="Powered")
        def is_powered(self) -> DBusBool:
            return self.powered

        @dbus_property(access=PropertyAccess.READ, name="Address")
        def address(self) -> DBusStr:
            return "F0:F0:F0:F0:F0:F0"

        @dbus_property(access=PropertyAccess.READ, name="Roles")
        def roles(self) -> Annotated[list[str], DBusSignature("as")]:
            return ["central", "peripheral"]

        def power(self, on: bool) -> None:
            self.powered = on
            self.emit_properties_changed({"Powered": on})

        @dbus_method(name="SetDiscoveryFilter")
        def set_filter(self, wanted: DBusDict) -> None:
            pass

        @dbus_method(name="StartDiscovery")
        async def start(self) -> None:
            await central.start_scanning(filter_duplicates=False)

        @dbus_method(name="StopDiscovery")
        async def stop(self) -> None:
            await central.stop_scanning()

    return Adapter()


def _device(bluez: BlueZ, device_address: str, sensor: Sensor) -> Any:
    from bumble.core import UUID
    from dbus_fast.annotations import DBusBool, DBusInt16, DBusObjectPath, DBusSignature, DBusStr
    from dbus_fast.constants import PropertyAccess
    from dbus_fast.errors import DBusError
    from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

    class Device(ServiceInterface):
        path = f"{ADAPTER}/dev_{device_address.replace(':', '_')}"

        def __init__(self) -> None:
            super().__init__("org.bluez.Device1")
            self.state = {"Connected": False, "ServicesResolved": False}
            self.paths: list[str] = []
            self.link: Any = None

        @dbus_property(access=PropertyAccess.READ, name="Adapter")
        def adapter(self) -> DBusObjectPath:
            return ADAPTER

        @dbus_property(access=PropertyAccess.READ, name="Address")
        def address(self) -> DBusStr:
            return device_address

        @dbus_property(access=PropertyAccess.READ, name="Name")
        def advertised_name(self) -> DBusStr:
            return sensor.name

        @dbus_property(access=PropertyAccess.READ, name="Alias")
        def alias(self) -> DBusStr:
            return sensor.name

        @dbus_property(access=PropertyAccess.READ, name="UUIDs")
        def uuids(self) -> Annotated[list[str], DBusSignature("as")]:
            return [_long(UUID.from_16_bits(sensor.service))]

        @dbus_property(access=PropertyAccess.READ, name="RSSI")
        def strength(self) -> DBusInt16:
            return sensor.rssi

        @dbus_property(access=PropertyAccess.READ, name="Connected")
        def connected(self) -> DBusBool:
            return self.state["Connected"]

        @dbus_property(access=PropertyAccess.READ, name="ServicesResolved")
        def resolved(self) -> DBusBool:
            return self.state["ServicesResolved"]

        def seen(self) -> None:
            self.emit_properties_changed({"RSSI": sensor.rssi})

        def become(self, *, connected: bool) -> None:
            for name in self.state if connected else reversed(self.state):
                self.state[name] = connected
                self.emit_properties_changed({name: connected})

        @dbus_method(name="Connect")
        async def connect(self) -> None:
            from bumble.device import Peer

            if sensor.busy:
                raise DBusError("org.bluez.Error.Failed", "le-connection-timeout")
            bluez.connects.append(device_address)
            self.link = await bluez.central.connect(device_address)
            self.link.on("disconnection", self.on_disconnection)
            peer = Peer(self.link)
            for found in await peer.discover_services():
                path = f"{self.path}/service{found.handle:04x}"
                self.export(path, _service(_long(found.uuid), self.path))
                for one in await peer.discover_characteristics(service=found):
                    short = f"{path}/char{one.handle:04x}"
                    self.export(short, _characteristic(peer, one, path))
            self.become(connected=True)

        def export(self, path: str, interface: Any) -> None:
            bluez.connection.export(path, interface)
            self.paths.append(path)

        @dbus_method(name="Disconnect")
        async def disconnect(self) -> None:
            if self.link is not None:
                await self.link.disconnect()

        def on_disconnection(self, _reason: int) -> None:
            self.link = None
            self.become(connected=False)
            while self.paths:
                bluez.connection.unexport(self.paths.pop())

    return Device()


def _service(service_uuid: str, device: str) -> Any:
    from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusStr
    from dbus_fast.constants import PropertyAccess
    from dbus_fast.service import ServiceInterface, dbus_property

    class Service(ServiceInterface):
        def __init__(self) -> None:
            super().__init__("org.bluez.GattService1")

        @dbus_property(access=PropertyAccess.READ, name="UUID")
        def uuid(self) -> DBusStr:
            return service_uuid

        @dbus_property(access=PropertyAccess.READ, name="Device")
        def device(self) -> DBusObjectPath:
            return device

        @dbus_property(access=PropertyAccess.READ, name="Primary")
        def primary(self) -> DBusBool:
            return True

    return Service()


def _characteristic(peer: Any, one: Any, service_path: str) -> Any:
    from dbus_fast.annotations import DBusBytes, DBusObjectPath, DBusSignature, DBusStr
    from dbus_fast.constants import PropertyAccess
    from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

    class Characteristic(ServiceInterface):
        def __init__(self) -> None:
            super().__init__("org.bluez.GattCharacteristic1")

        @dbus_property(access=PropertyAccess.READ, name="UUID")
        def uuid(self) -> DBusStr:
            return _long(one.uuid)

        @dbus_property(access=PropertyAccess.READ, name="Service")
        def service(self) -> DBusObjectPath:
            return service_path

        @dbus_property(access=PropertyAccess.READ, name="Flags")
        def flags(self) -> Annotated[list[str], DBusSignature("as")]:
            return ["notify"]

        @dbus_property(access=PropertyAccess.READ, name="Value")
        def value(self) -> DBusBytes:
            return b""

        @dbus_method(name="StartNotify")
        async def start(self) -> None:
            await peer.subscribe(one, lambda value: self.emit_properties_changed({"Value": value}))

        @dbus_method(name="StopNotify")
        async def stop(self) -> None:
            await peer.unsubscribe(one)

    return Characteristic()


@pytest.fixture
def bluez(bus: Bus) -> BlueZ:
    """Run a BlueZ with an adapter and no sensor yet."""
    pytest.importorskip("bumble", reason="bumble is not installed")
    pytest.importorskip("bleak", reason="bleak is not installed")
    return BlueZ(bus)
