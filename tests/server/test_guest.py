"""Those who choose no target have that of the server, which may follow a runner's sensor."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from paces_live.errors import UsageError
from paces_live.events import Health, Pace, Reading
from paces_live.match import Listener
from paces_live.server.guest import Guest
from paces_live.server.stream import Stream
from tests.support.schemas import validated


@dataclass
class Runner:
    """A sensor that is worn."""

    cadence: float | None = None
    condition: str | None = None


def reading(t: float) -> Reading:
    return Reading(t, 1, "settled", (Pace(172.0, 0.9),), Health(-20.0, 0.0, 0.1))


def test_a_guest_follows_its_host_until_it_chooses() -> None:
    host = Listener(165.0)
    guest = Guest(host)
    host.target, host.tolerance = 150.0, 0.03
    assert (guest.target, guest.tolerance) == (150.0, 0.03)
    assert guest.match([Pace(172.0, 0.9)]) is None
    guest.target = None
    host.target = 172.0
    assert (guest.target, guest.tolerance) == (None, 0.03)
    guest.tolerance = 0.1
    host.tolerance = 0.05
    assert guest.tolerance == 0.1
    with pytest.raises(UsageError):
        guest.target = 1000.0
    assert guest.target is None


async def test_the_target_of_a_server_that_follows_a_sensor_reaches_its_guests() -> None:
    aimed: list[Iterable[float]] = []
    runner, host = Runner(), Listener(165.0)
    stream = Stream("main", aim=aimed.append, sensor=runner)
    guest, own = Guest(host), Guest(host)
    own.target = 150.0
    stream.subscribe(guest)
    stream.subscribe(own)
    stream.take([reading(1.0)])
    assert json.loads(stream.line(1, reading(1.0), guest))["cadence"] is None
    # The runner runs: the follower of the sensor moves the host's target.
    runner.cadence, host.target = 172.0, 172.0
    stream.take([reading(2.0)])
    record = validated(stream.line(2, reading(2.0), guest))
    assert (record["target"], record["cadence"], record["verdict"]) == (172.0, 172.0, "match")
    record = validated(stream.line(2, reading(2.0), own))
    assert (record["target"], record["cadence"], record["verdict"]) == (150.0, 172.0, "no_match")
    assert list(aimed[-1]) == [150.0, 172.0]
    assert validated(stream.snapshot(guest)[1])["reading"]["cadence"] == 172.0
