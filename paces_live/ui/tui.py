"""The terminal UI: an engine in a thread, and a screen that is drawn anew from its newest state.

Imported only when the UI starts: Textual costs 0.2 s and 32 MB (measured), which pipes and services need not pay.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar, Protocol

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Static

from paces_live.events import Event
from paces_live.match import SPM_MAX, SPM_MIN, best_match
from paces_live.player import Controls
from paces_live.sources.block import Source
from paces_live.ui.tables import Row, print_table
from paces_live.ui.view import Heard, View, render

REFRESH_S = 0.25
"""Time between two looks at the newest state; nothing is drawn where it has not changed."""
GRACE_S = 2.0
"""How long a stopped engine may take to log the last song before the UI ends without it."""
DEFAULT_TARGET = 165.0


class Engine(Protocol):
    """What the UI needs of `paces_live.engine.Engine`."""

    @property
    def target(self) -> float | None:
        """Target cadence, steps per minute; settable from any thread while the engine runs."""

    @target.setter
    def target(self, target: float | None) -> None: ...

    def events(self, source: Source) -> Iterator[Event]:
        """Yield what is heard until the source ends or `stop` is called."""

    def stop(self) -> None:
        """Ask `events` to log the current song and end."""


class Listener:
    """Runs an engine in a thread of its own and keeps the newest state of what it heard.

    The thread alone writes `heard` and `error`, each by one assignment of an immutable value; others only read.
    """

    def __init__(self, engine: Engine, source: Source) -> None:
        self.heard = Heard(input=source.name)
        self.error: BaseException | None = None
        self._engine = engine
        self._source = source
        self._stopped_at: float | None = None
        # A daemon: a source that hangs in the operating system must not keep the program from ending.
        self._thread = threading.Thread(target=self._listen, name="engine", daemon=True)

    def start(self) -> None:
        """Start to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the engine to log the current song and end; may be called again."""
        self._stopped_at = self._stopped_at or time.monotonic()
        self._engine.stop()

    @property
    def named(self) -> Heard:
        """What was heard, with the source's newest name: a microphone learns its own when it is opened."""
        return replace(self.heard, input=self._source.name)

    @property
    def stopping(self) -> bool:
        """True once `stop` was called."""
        return self._stopped_at is not None

    @property
    def over(self) -> bool:
        """True once nothing more will come, or is not worth waiting for."""
        if self._stopped_at is not None and time.monotonic() - self._stopped_at > GRACE_S:
            return True
        return not self._thread.is_alive() and self._thread.ident is not None

    def _listen(self) -> None:
        try:
            for event in self._engine.events(self._source):
                self.heard = self.heard.after(event)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which raises it
            self.error = error


class PacesApp(App[None]):
    """One screen and the keys that move the target."""

    CSS = """
    Screen { background: #0d1117; color: #e6edf3; }
    Footer { background: #161b22; }
    FooterKey .footer-key--key { color: #e6edf3; }
    FooterKey .footer-key--description, FooterLabel { color: #8b949e; }
    #picture { width: 100%; height: 1fr; }
    """
    ENABLE_COMMAND_PALETTE = False
    _ONE = Binding.Group("target ±1", compact=True)
    _FIVE = Binding.Group("±5", compact=True)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(1)", "target +1", group=_ONE),
        Binding("down", "move(-1)", "target −1", group=_ONE),
        Binding("shift+up", "move(5)", "target +5", group=_FIVE, key_display="⇧↑"),
        Binding("shift+down", "move(-5)", "target −5", group=_FIVE, key_display="⇧↓"),
        Binding("pageup", "move(5)", show=False),
        Binding("pagedown", "move(-5)", show=False),
        Binding("n", "next", "next"),
        Binding("p", "previous", "previous"),
        Binding("space", "pause", "pause"),
        Binding("q", "end", "quit"),
        Binding("ctrl+c", "end", show=False, priority=True),
    ]

    def __init__(
        self, engine: Engine, listener: Listener, *, tolerance: float, controls: Controls | None = None
    ) -> None:
        # Without colour the terminal's own two are used; Textual's greys would still be colours.
        super().__init__(ansi_color=bool(os.environ.get("NO_COLOR")))
        self._engine = engine
        self._listener = listener
        self._tolerance = tolerance
        self._controls = controls
        self._paused = False
        self._picture = Static(id="picture")
        self._drawn: tuple[View, int, int] | None = None

    @property
    def view(self) -> View:
        """The newest state."""
        return View(self._listener.named, self._engine.target, self._tolerance, ending=self._listener.stopping)

    def compose(self) -> ComposeResult:
        """Lay out the drawn screen above the keys."""
        yield self._picture
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Start to listen, and to look at what was heard."""
        self.title = "paces-live"
        self._listener.start()
        # The timer is the picture's, so that it ends before the picture does.
        self._picture.set_interval(REFRESH_S, self._pull)
        self._picture.call_after_refresh(self._pull)

    def _pull(self) -> None:
        now = (self.view, self._picture.size.width, self._picture.size.height)
        if now != self._drawn and self._picture.size.height > 0:
            self._drawn = now
            self._picture.update(render(*now))
        if self._listener.over:
            self.exit()

    def action_move(self, by: float) -> None:
        """Move the target by so many steps a minute, within its range."""
        target = self._engine.target
        moved = DEFAULT_TARGET if target is None else target + by
        self._engine.target = min(SPM_MAX, max(SPM_MIN, moved))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002 - Textual's signature
        """Offer a player's keys only where there is one."""
        return self._controls is not None or action not in ("next", "previous", "pause")

    def action_next(self) -> None:
        """Go to the next song."""
        if self._controls:
            self._controls.next()

    def action_previous(self) -> None:
        """Go back to the beginning of the song, or to the one before."""
        if self._controls:
            self._controls.previous()

    def action_pause(self) -> None:
        """Pause the player, or let it go on."""
        if self._controls:
            self._paused = not self._paused
            self._controls.pause(self._paused)

    def action_end(self) -> None:
        """Ask the engine to end; the UI follows as soon as the last song is logged."""
        self._listener.stop()


def run(engine: Engine, source: Source, *, tolerance: float, controls: Controls | None = None) -> None:
    """Show what `engine` hears of `source` until it ends or the user quits, then print the songs heard.

    Raises
    ------
    PacesError
        What the engine raised, after the terminal is back to normal.
    """
    listener = Listener(engine, source)
    app = PacesApp(engine, listener, tolerance=tolerance, controls=controls)
    with _terminal_for_ui():
        app.run()
    listener.stop()
    _print_songs(listener.heard, engine.target, tolerance)
    if listener.error:
        raise listener.error


def _print_songs(heard: Heard, target: float | None, tolerance: float) -> None:
    """Print the songs on the normal screen, judged against the target as it is at the end."""
    if not heard.songs:
        return
    rows = [
        Row(
            f"{song.song}  {song.title or ''}",
            song.end - song.start,
            song.paces,
            best_match(song.paces, target, tolerance),
        )
        for song in heard.songs
    ]
    print_table(rows, "song", target, tolerance, stream=sys.stdout)


@contextmanager
def _terminal_for_ui() -> Iterator[None]:
    """Keep native libraries from writing into the picture.

    Textual draws on `sys.__stderr__`, and ALSA and PortAudio complain on the same file descriptor about devices that
    nobody asked for. While the UI runs, Python's stderr is a copy of the terminal and descriptor 2 leads nowhere.
    """
    python_stderr, textual_stderr = sys.stderr, sys.__stderr__
    saved = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal:
        sys.stderr = sys.__stderr__ = terminal  # type: ignore[misc]
        os.dup2(sink, 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(sink)
            sys.stderr, sys.__stderr__ = python_stderr, textual_stderr  # type: ignore[misc]
