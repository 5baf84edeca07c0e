"""Checks of the providers of tracks and of the history."""

import importlib.util
import time
from collections.abc import Iterator

from paces_live.errors import HistoryError
from paces_live.system.doctor.check import Check

ANSWER_S = 1.0
"""Time that a player has to say what it plays, seconds."""
WAKE = {
    "mpris": "it exists in a desktop session; elsewhere set DBUS_SESSION_BUS_ADDRESS",
    "bluetooth": "apt install bluez, then: systemctl start bluetooth",
    "mpd": "start mpd, or say where it is: --now-playing mpd:HOST:PORT",
}
"""How to make each kind answer."""


def now_playing_checks() -> Iterator[Check]:
    """Check who can say what is playing; listening needs none of it."""
    from paces_live.now_playing.providers import MODULES, PACKAGES, install, watcher_of

    for kind, module in MODULES.items():
        name = f"tracks from {kind}"
        if importlib.util.find_spec(module) is None:
            yield Check(name, None, f"{PACKAGES[module]} is not installed", install(kind))
            continue
        with watcher_of(kind) as watcher:
            deadline = time.monotonic() + ANSWER_S
            while watcher.track is None and watcher.error is None and time.monotonic() < deadline:
                time.sleep(0.02)
            if watcher.error is not None:
                yield Check(name, None, watcher.error.message, WAKE[kind])
            else:
                yield Check(name, True, f"plays {watcher.track.caption}" if watcher.track else "nothing plays")


def history_check() -> Check:
    """Check that songs can be kept."""
    from paces_live.history.database import History, default_path

    path = default_path()
    if not path.exists():
        return Check("history", True, f"no songs yet; they will be kept in {path}")
    try:
        with History(path) as history:
            return Check("history", True, f"{_songs(history.count())} heard, kept in {path}")
    except HistoryError as error:
        return Check("history", None, error.message, error.hint)


def _songs(count: int) -> str:
    return "1 song" if count == 1 else f"{count} songs"
