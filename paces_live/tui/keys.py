"""The keys of the terminal UI: what each does, and the words for it in the footer and the help."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that belong together: one entry of the footer, one line of the help.

    Attributes
    ----------
    shown : str
        The keys as a user reads them, separated by spaces.
    actions : dict of str to str
        Textual's name of each key, and its action; the keys of `shown` first.
    words : str
        What they do, for the help.
    footer : str
        The same in one word, for the footer; empty if only the help shows them.
    needs : {"", "session", "inputs", "controls"}
        What they need: a session of this program, other inputs, or a player.
    """

    shown: str
    actions: dict[str, str]
    words: str
    footer: str = ""
    needs: Literal["", "session", "inputs", "controls"] = ""


KEYS = (
    Keys(
        "↑ ↓",
        {
            "up": "move(1)",
            "down": "move(-1)",
            "shift+up": "move(5)",
            "shift+down": "move(-5)",
            "pageup": "move(5)",
            "pagedown": "move(-5)",
        },
        "target ±1, with ⇧ ±5",
        "target",
    ),
    Keys("t", {"t": "tap"}, "tap 4 steps or more, then pause", "tap"),
    Keys("?", {"question_mark": "help"}, "help, its next page", "help"),
    Keys("q", {"q": "end"}, "quit", "quit"),
    # The key was `l`, which people took for the grade lock; it still works.
    Keys("u", {"u": "use", "l": "use"}, "use the large figures as target", "use"),
    Keys("z", {"z": "undo"}, "undo the target's change, redo", "undo"),
    Keys("esc", {"escape": "cancel"}, "stop tapping, close the help"),
    Keys("space", {"space": "pause"}, "pause, go on", "pause", "session"),
    Keys("s", {"s": "switch"}, "next input", "input", "inputs"),
    Keys("n p", {"n": "next", "p": "previous"}, "next, previous track", "track", "controls"),
    Keys("e", {"e": "periodicity"}, "show the periodicity", "periodicity", "session"),
    Keys("[ ]", {"left_square_bracket": "widen(-1)", "right_square_bracket": "widen(1)"}, "tolerance ±0.5 %"),
    Keys("c", {"c": "colours"}, "colours: dark, light, plain"),
)
