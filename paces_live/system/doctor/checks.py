"""The checks of `doctor` about titles and history: what is installed, who answers, where songs are kept."""

import importlib.util
import time
from collections.abc import Iterator

from paces_live.errors import HistoryError
from paces_live.system.doctor.sound import Check

ANSWER_S = 1.0
"""Time that a player has to say what it plays."""
WAKE = {
    "mpris": "it is there in a desktop session, else set DBUS_SESSION_BUS_ADDRESS",
    "bluetooth": "apt install bluez, then: systemctl start bluetooth",
    "mpd": "start mpd, or say where it is: --titles mpd:HOST:PORT",
}
"""What makes each kind of titles answer."""


def title_checks() -> Iterator[Check]:
    """Check who can tell what the machine plays; none of it is needed to listen."""
    from paces_live.inputs import EXTRA, MODULES, titles_from

    for kind, module in MODULES.items():
        name = f"titles from {kind}"
        if importlib.util.find_spec(module) is None:
            yield Check(name, None, f"{module} is not installed", EXTRA)
            continue
        with titles_from(kind) as watcher:
            deadline = time.monotonic() + ANSWER_S
            while watcher.title is None and watcher.trouble is None and time.monotonic() < deadline:
                time.sleep(0.02)
            if watcher.trouble is not None:
                yield Check(name, None, watcher.trouble, WAKE[kind])
            else:
                yield Check(name, True, f"plays {watcher.title}" if watcher.title else "nothing plays")


def history_check() -> Check:
    """Check that songs heard can be kept."""
    from paces_live.history.database import History, default_path

    path = default_path()
    if not path.exists():
        return Check("history", True, f"no songs yet; they will be kept in {path}")
    try:
        with History(path) as history:
            return Check("history", True, f"{history.count()} songs heard, kept in {path}")
    except HistoryError as error:
        what, _, fix = str(error).rpartition("): ")
        return Check("history", False, f"{what})", fix)
