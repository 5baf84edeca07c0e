"""Messages of clients: what is wrong is said in one line, and nothing of it is done."""

import json
from typing import Any

import pytest

from paces_live.errors import UsageError
from paces_live.match import Listener
from paces_live.server.messages import aim, gap_frames, parse, parse_hello
from tests.support.servers import hello


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ("[" * 4000, "not a JSON object"),
        ('{"a": "' + "x" * 5000 + '"}', "not a JSON object"),
        ('{"type": "hello"}', "the first message must be the hello"),
        (hello(rate=None), "rate must be a whole number"),
        (hello(rate=True), "rate must be a whole number"),
        (hello(rate=4000), "rate 4000 is out of range"),
        (hello(rate=10**30), "is out of range"),
        (hello(width=3), "width 3 is unknown"),
        (hello(channels=0), "0 channels are out of range"),
        (hello(channels=1.5), "channels must be a whole number"),
        (hello(target=20), "target 20 is out of range"),
        (hello(target="170"), "target must be a number"),
        (hello(tolerance=None), "tolerance must be a number"),
        (hello(tolerance=2), "tolerance 2 is out of range"),
        (hello(session=7), "session must be text"),
    ],
)
def test_a_hello_that_describes_no_sound_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_hello(text, Listener())


def test_a_hello_may_leave_out_what_the_server_has_defaults_for() -> None:
    assert parse_hello(hello(), Listener(150.0, 0.03)).target == 150.0
    told = parse_hello(hello(target=None, tolerance=0.1, width=4, session="secret"), Listener(150.0))
    assert (told.target, told.tolerance, told.format, told.session) == (None, 0.1, "f32le", "secret")


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"target": 10**400},
        {"target": 39},
        {"target": -(10**400)},
        {"target": 150, "tolerance": 9},
        {"target": 150, "speed": 2},
        {"target": {}},
    ],
)
def test_a_target_is_set_with_all_that_comes_with_it_or_not_at_all(record: dict[str, Any]) -> None:
    listener = Listener(170.0)
    with pytest.raises(UsageError):
        aim(listener, record)
    assert (listener.target, listener.tolerance) == (170.0, 0.05)
    aim(listener, {"target": None, "tolerance": 0.02})
    assert (listener.target, listener.tolerance) == (None, 0.02)


@pytest.mark.parametrize("frames", [0, -1, 1.5, None, True, 1 << 50])
def test_a_gap_has_a_length(frames: object) -> None:
    with pytest.raises(UsageError):
        gap_frames(parse(json.dumps({"type": "gap", "frames": frames})))
