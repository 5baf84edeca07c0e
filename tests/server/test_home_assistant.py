"""What Home Assistant gets to know, against the options in its documentation."""

import re

import pytest

from paces_live.events import Health, Pace, Reading, Track
from paces_live.match import Listener
from paces_live.server.home_assistant import LONGEST_STATE, discovery, states, target_state, topic

ENTITY = {"p", "name", "unique_id", "default_entity_id", "icon", "entity_category"}
OPTIONS = {
    "sensor": ENTITY
    | {
        "device_class",
        "expire_after",
        "options",
        "state_class",
        "state_topic",
        "suggested_display_precision",
        "unit_of_measurement",
    },
    "number": ENTITY | {"command_topic", "max", "min", "state_topic", "step", "unit_of_measurement"},
}
"""Options of https://www.home-assistant.io/integrations/sensor.mqtt and number.mqtt; others are ignored there."""


@pytest.mark.parametrize("prefix", ["paces-live", "gym/Left_2"])
def test_one_message_describes_the_device_and_its_entities(prefix: str) -> None:
    where, record = discovery(prefix)
    # https://www.home-assistant.io/integrations/mqtt/#discovery-topic
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", where)
    assert record.keys() == {"dev", "o", "availability_topic", "qos", "cmps"}
    assert record["dev"]["ids"]
    assert record["o"]["name"]
    assert record["availability_topic"] == f"{prefix}/status"
    components = record["cmps"]
    assert set(components) == {"pace", "verdict", "beat", "song", "level", "target"}
    for name, component in components.items():
        platform = component["p"]
        assert component.keys() <= OPTIONS[platform]
        assert re.fullmatch(rf"{platform}\.[a-z0-9_]+", component["default_entity_id"])
        assert component["state_topic"] == topic(prefix, name)
    for field in ("unique_id", "default_entity_id"):
        assert len({component[field] for component in components.values()}) == len(components)


def test_a_list_of_words_has_no_unit_and_numbers_have_one() -> None:
    components = discovery("paces-live")[1]["cmps"]
    # https://developers.home-assistant.io/docs/core/entity/sensor
    assert components["verdict"]["device_class"] == "enum"
    assert not {"state_class", "unit_of_measurement"} & components["verdict"].keys()
    for name in ("pace", "beat", "level"):
        assert {"state_class", "unit_of_measurement"} <= components[name].keys()


def test_two_prefixes_are_two_devices() -> None:
    one, other = (discovery(prefix) for prefix in ("gym/left", "gym/right"))
    assert one[0] != other[0]
    assert not set(one[1]["dev"]["ids"]) & set(other[1]["dev"]["ids"])
    assert one[1]["cmps"]["pace"]["unique_id"] != other[1]["cmps"]["pace"]["unique_id"]


def reading(*paces: float, beat: float | None = None, track: Track | None = None) -> Reading:
    judged = tuple(Pace(spm, 0.9) for spm in paces)
    return Reading(30.0, 1, "settled", judged, Health(-18.4, 0.0, 0.1), track=track, beat=beat)


@pytest.mark.parametrize(
    ("target", "pace", "verdict"),
    [(172.0, "170.1", "match"), (80.0, "85.0", "stretch"), (120.0, "85.0", "no_match"), (None, "170.1", "None")],
)
def test_the_pace_is_the_one_nearest_to_the_target_or_to_what_people_tap(
    target: float | None, pace: str, verdict: str
) -> None:
    found = states(reading(85.0, 170.1), Listener(target))
    assert (found["pace"], found["verdict"]) == (pace, verdict)


def test_every_verdict_is_among_the_options() -> None:
    options = discovery("paces-live")[1]["cmps"]["verdict"]["options"]
    verdicts = {states(reading(85.0), Listener(target))["verdict"] for target in (85.0, 80.0, 120.0)}
    assert verdicts == set(options)


def test_what_is_not_known_is_none() -> None:
    assert set(states(None, Listener()).values()) == {"None"}
    found = states(reading(), Listener())
    assert {name for name, state in found.items() if state == "None"} == {"pace", "verdict", "beat", "song"}


def test_a_long_title_fits_a_state() -> None:
    track = Track(title="t" * 200, artist="a" * 200)
    assert len(states(reading(track=track), Listener())["song"]) == LONGEST_STATE


def test_the_target_is_a_number() -> None:
    target = discovery("paces-live")[1]["cmps"]["target"]
    assert (target["min"], target["max"], target["command_topic"]) == (40.0, 320.0, "paces-live/target/set")
    assert target_state(165.0) == "165"
