"""What Home Assistant gets to know: which entities we have, and their states.

The formats are those of https://www.home-assistant.io/integrations/mqtt, as of version 2026.4.
"""

from typing import Any

from paces_live import __version__
from paces_live.analysis.felt_beat import leading
from paces_live.events import Reading
from paces_live.match import SPM_MAX, SPM_MIN, Listener, verdict

BIRTH_TOPIC = "homeassistant/status"
"""Home Assistant says ``online`` there when it has started and wants to know everything again."""
NONE = "None"
"""Home Assistant takes this for a state that is not known, of sensors and of numbers."""
EXPIRE_S = 60
"""Home Assistant calls a sensor unavailable if it hears nothing for so long, seconds: the music may have stopped."""
LONGEST_STATE = 255
"""Characters of a state that Home Assistant takes."""

_SENSORS: dict[str, dict[str, Any]] = {
    "pace": {
        "name": "Pace",
        "unit_of_measurement": "spm",
        "state_class": "measurement",
        "suggested_display_precision": 0,
        "icon": "mdi:run",
    },
    "verdict": {
        "name": "Match",
        "device_class": "enum",
        "options": ["match", "stretch", "no_match"],
        "icon": "mdi:check-circle-outline",
    },
    "beat": {
        "name": "Felt beat",
        "unit_of_measurement": "bpm",
        "state_class": "measurement",
        "suggested_display_precision": 0,
        "icon": "mdi:metronome",
    },
    "song": {"name": "Song", "icon": "mdi:music"},
    "level": {
        "name": "Level",
        "unit_of_measurement": "dBFS",
        "state_class": "measurement",
        "entity_category": "diagnostic",
        "icon": "mdi:microphone",
    },
}
_TARGET: dict[str, Any] = {
    "name": "Target",
    "unit_of_measurement": "spm",
    "min": SPM_MIN,
    "max": SPM_MAX,
    "step": 1,
    "icon": "mdi:bullseye-arrow",
}


def topic(prefix: str, name: str) -> str:
    """Return the topic of a state, or of ``target/set``, ``songs`` or ``status``.

    Examples
    --------
    >>> topic("gym/left", "pace")
    'gym/left/pace'
    """
    return f"{prefix}/{name}"


def discovery(prefix: str) -> tuple[str, dict[str, Any]]:
    """Return the topic and the record of the one message that describes our device and all its entities.

    Examples
    --------
    >>> where, record = discovery("paces-live")
    >>> where, record["cmps"]["pace"]["default_entity_id"]
    ('homeassistant/device/paces-live/config', 'sensor.paces_live_pace')
    """
    device = prefix.replace("/", "-")
    components = {
        name: _component("sensor", device, prefix, name) | details | {"expire_after": EXPIRE_S}
        for name, details in _SENSORS.items()
    }
    target = {"command_topic": topic(prefix, "target/set")}
    components["target"] = _component("number", device, prefix, "target") | _TARGET | target
    return f"homeassistant/device/{device}/config", {
        "dev": {"ids": [device], "name": prefix, "mdl": "paces-live", "sw": __version__},
        "o": {"name": "paces-live", "sw": __version__},
        "availability_topic": topic(prefix, "status"),
        "qos": 1,
        "cmps": components,
    }


def _component(platform: str, device: str, prefix: str, name: str) -> dict[str, Any]:
    entity = f"{device}_{name}".replace("-", "_").lower()
    return {
        "p": platform,
        "unique_id": f"{device}_{name}",
        "default_entity_id": f"{platform}.{entity}",
        "state_topic": topic(prefix, name),
    }


def states(reading: Reading | None, listener: Listener) -> dict[str, str]:
    """Return the states of the sensors by name, as `listener` sees `reading`; all unknown without one.

    The pace is the one nearest to the target, or the felt beat without a target.

    Examples
    --------
    >>> from paces_live.events import Health, Pace
    >>> reading = Reading(30.0, 1, "settled", (Pace(85.0, 0.97), Pace(170.1, 0.93)), Health(-18.4, 0.0, 0.1), beat=85.0)
    >>> states(reading, Listener(172.0))
    {'pace': '170.1', 'verdict': 'match', 'beat': '85.0', 'song': 'None', 'level': '-18'}
    """
    if reading is None:
        return dict.fromkeys(_SENSORS, NONE)
    # As the listener is now: another thread may change it, and the states must agree.
    listener = Listener(listener.target, listener.tolerance)
    near = listener.nearest(reading.paces)
    spm = near.spm if near else leading(reading.paces, reading.beat)
    return {
        "pace": f"{spm:.1f}" if spm else NONE,
        "verdict": verdict(reading.paces, listener.match(reading.paces), listener.target) or NONE,
        "beat": f"{reading.beat:.1f}" if reading.beat else NONE,
        "song": (reading.caption or NONE)[:LONGEST_STATE],
        "level": str(round(reading.health.level_dbfs)),
    }


def target_state(target: float | None) -> str:
    """Return the state of the number.

    Examples
    --------
    >>> target_state(172.5), target_state(165.0), target_state(None)
    ('172.5', '165', 'None')
    """
    return NONE if target is None else f"{target:g}"
