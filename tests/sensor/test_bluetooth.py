"""A sensor over real GATT on a virtual link, through bleak and a BlueZ of our own."""

import sys
import time
from pathlib import Path

import pytest

from paces_live.errors import SensorError
from paces_live.match import Listener
from paces_live.sensor import bluetooth, following
from paces_live.sensor.bluetooth import CadenceSensor
from tests.support.bluez import (
    CROSS_TRAINER_DATA,
    MACHINE_SERVICE,
    RSC_MEASUREMENT,
    RSC_SERVICE,
    TREADMILL_DATA,
    BlueZ,
    bluez,
    rsc,
)
from tests.support.players import bus, until

__all__ = ["bluez", "bus"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search often and briefly."""
    monkeypatch.setattr(bluetooth, "SCAN_S", 0.3)
    monkeypatch.setattr(bluetooth, "AGAIN_S", (0.05, 0.1))


def test_a_foot_pod_gives_its_cadence_until_it_is_stale(bluez: BlueZ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluetooth, "STALE_S", 0.5)
    pod = bluez.sensor("Foot Pod", RSC_SERVICE, RSC_MEASUREMENT)
    with CadenceSensor() as sensor:
        assert sensor.condition == "searching for a sensor"
        until(lambda: sensor.condition == "no steps")
        bluez.bus.do(pod.notify(rsc(164)))
        until(lambda: sensor.cadence == 164.0)
        assert sensor.condition is None
        until(lambda: sensor.cadence is None)
        assert sensor.condition == "no steps"


def test_a_pod_that_counts_one_foot_gives_the_steps_of_both(bluez: BlueZ) -> None:
    pod = bluez.sensor("Pod", RSC_SERVICE, RSC_MEASUREMENT)
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "no steps")
        bluez.bus.do(pod.notify(rsc(82)))
        until(lambda: sensor.cadence == 164.0)


def test_a_cross_trainer_gives_its_step_rate(bluez: BlueZ) -> None:
    machine = bluez.sensor("Elliptical", MACHINE_SERVICE, CROSS_TRAINER_DATA)
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "no steps")
        # Flags of three bytes: speed, distance, step rate and its average.
        bluez.bus.do(machine.notify(bytes([0b1100, 0, 0, 0xE8, 0x03, 1, 2, 3, 142, 0, 120, 0])))
        until(lambda: sensor.cadence == 142.0)


def test_a_sensor_that_went_away_is_found_again_and_no_other_takes_its_place(bluez: BlueZ) -> None:
    mine = bluez.sensor("Mine", RSC_SERVICE, RSC_MEASUREMENT)
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "no steps")
        bluez.sensor("Somebody else's", RSC_SERVICE, RSC_MEASUREMENT)
        bluez.bus.do(mine.vanish())
        until(lambda: sensor.condition == "sensor lost, searching")
        time.sleep(1.0)
        assert sensor.condition == "sensor lost, searching"
        assert bluez.connects == [mine.address]
        bluez.bus.do(mine.advertise())
        until(lambda: sensor.condition == "no steps")
        bluez.bus.do(mine.notify(rsc(170)))
        until(lambda: sensor.cadence == 170.0)
        assert bluez.connects == [mine.address, mine.address]


def test_a_sensor_that_is_busy_with_a_phone_is_asked_again(bluez: BlueZ) -> None:
    pod = bluez.sensor("Pod", RSC_SERVICE, RSC_MEASUREMENT)
    pod.busy = True
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "sensor does not answer")
        pod.busy = False
        until(lambda: sensor.condition == "no steps")


def test_a_watch_that_changes_its_address_is_found_again_by_its_name(bluez: BlueZ) -> None:
    before = bluez.sensor("Watch 7", RSC_SERVICE, RSC_MEASUREMENT)
    with CadenceSensor("watch 7") as sensor:
        until(lambda: sensor.condition == "no steps")
        bluez.bus.do(before.vanish())
        after = bluez.sensor("Watch 7", RSC_SERVICE, RSC_MEASUREMENT)
        until(lambda: bluez.connects == [before.address, after.address])
        until(lambda: sensor.condition == "no steps")


def test_a_connection_without_a_word_is_made_again(bluez: BlueZ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluetooth, "SILENT_S", 0.3)
    pod = bluez.sensor("Pod", RSC_SERVICE, RSC_MEASUREMENT)
    with CadenceSensor():
        until(lambda: bluez.connects == [pod.address] * 2)


def test_of_several_the_nearest_that_counts_steps_is_taken(bluez: BlueZ) -> None:
    bluez.sensor("Treadmill", MACHINE_SERVICE, TREADMILL_DATA, rssi=-30)
    bluez.sensor("Far pod", RSC_SERVICE, RSC_MEASUREMENT, rssi=-80)
    near = bluez.sensor("Near pod", RSC_SERVICE, RSC_MEASUREMENT, rssi=-60)
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "no steps")
        assert bluez.connects == [near.address]


@pytest.mark.parametrize("name", ["second", "F2:00:00:00:00:02", "f2:00:00:00:00:02"])
def test_a_part_of_the_name_or_the_address_chooses_a_device(bluez: BlueZ, name: str) -> None:
    bluez.sensor("First pod", RSC_SERVICE, RSC_MEASUREMENT, rssi=-30)
    bluez.sensor("Second pod", RSC_SERVICE, RSC_MEASUREMENT, rssi=-90)
    with CadenceSensor(name) as sensor:
        until(lambda: sensor.condition == "no steps")
        assert bluez.connects == ["F2:00:00:00:00:02"]


def test_a_treadmill_without_step_rate_is_named_so_and_left_alone(bluez: BlueZ) -> None:
    treadmill = bluez.sensor("Treadmill", MACHINE_SERVICE, TREADMILL_DATA)
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "sensor without step rate")
        pod = bluez.sensor("Pod", RSC_SERVICE, RSC_MEASUREMENT)
        until(lambda: sensor.condition == "no steps")
        assert bluez.connects == [treadmill.address, pod.address]


def test_without_a_sensor_in_reach_there_is_a_condition(bluez: BlueZ) -> None:
    with CadenceSensor("nobody's") as sensor:
        until(lambda: sensor.condition == "no sensor")
    assert bluez.connects == []


def test_bluetooth_may_be_switched_off_and_on(bluez: BlueZ) -> None:
    bluez.power(False)
    bluez.sensor("Pod", RSC_SERVICE, RSC_MEASUREMENT)
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "Bluetooth is off")
        bluez.power(True)
        until(lambda: sensor.condition == "no steps")


def test_a_lost_bus_is_a_lost_sensor_until_it_is_back(bluez: BlueZ) -> None:
    bluez.sensor("Pod", RSC_SERVICE, RSC_MEASUREMENT)
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "no steps")
        bluez.bus.stop()
        until(lambda: sensor.condition == "no Bluetooth")
        bluez.bus.start()
        bluez.appear()
        until(lambda: sensor.condition == "no steps")


def test_without_a_bus_there_is_no_bluetooth(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("bleak", reason="bleak is not installed")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nowhere")
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "no Bluetooth")
        assert sensor.cadence is None


def test_leaving_ends_the_thread_and_the_connection(bluez: BlueZ) -> None:
    pod = bluez.sensor("Pod", RSC_SERVICE, RSC_MEASUREMENT)
    with CadenceSensor() as sensor:
        until(lambda: sensor.condition == "no steps")
    assert not sensor._thread.is_alive()
    until(lambda: not pod.device.connections)


def test_a_missing_package_is_an_error_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bleak", None)
    with pytest.raises(SensorError, match="pip install bleak") as caught, CadenceSensor():
        pass
    assert caught.value.code == "sensor.package_missing"


def test_a_target_follows_the_pod(bluez: BlueZ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paces_live.sensor.follower.FIRST_S", 0.0)
    monkeypatch.setattr(bluetooth, "STALE_S", 0.5)
    pod = bluez.sensor("Pod", RSC_SERVICE, RSC_MEASUREMENT)
    listener = Listener(165.0)
    with following(listener, "pod") as sensor:
        until(lambda: sensor.condition == "no steps")
        assert listener.target == 165.0
        bluez.bus.do(pod.notify(rsc(172)))
        until(lambda: listener.target == 172.0)
        bluez.bus.do(pod.vanish())
        until(lambda: sensor.condition is not None)
        assert listener.target == 172.0
