"""The check of sensors, with some on a virtual link."""

import sys

import pytest

from paces_live.sensor import bluetooth
from paces_live.system.doctor.sensors import sensor_check
from tests.support.bluez import MACHINE_SERVICE, RSC_MEASUREMENT, RSC_SERVICE, TREADMILL_DATA, BlueZ, bluez
from tests.support.players import bus

__all__ = ["bluez", "bus"]


def test_doctor_lists_the_sensors_in_reach(bluez: BlueZ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluetooth, "SCAN_S", 0.3)
    assert (sensor_check().ok, sensor_check().detail[:13]) == (True, "none in reach")
    bluez.sensor("Treadmill", MACHINE_SERVICE, TREADMILL_DATA, rssi=-30)
    bluez.sensor("Foot Pod", RSC_SERVICE, RSC_MEASUREMENT, rssi=-70)
    assert sensor_check().detail == "Foot Pod (F2:00:00:00:00:02), Treadmill (F1:00:00:00:00:01)"
    bluez.power(False)
    check = sensor_check()
    assert (check.ok, check.detail.startswith("Bluetooth is off (")) == (None, True)
    assert check.fix == "apt install bluez, then: bluetoothctl power on"
    bluez.bus.stop()
    assert sensor_check().detail.startswith("no Bluetooth (")
    monkeypatch.setitem(sys.modules, "bleak", None)
    check = sensor_check()
    assert (check.ok, check.fix.endswith("-m pip install bleak")) == (None, True)
