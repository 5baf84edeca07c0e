"""The Textual application: draws the newest state of the stream, and handles keys and mouse."""

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.theme import BUILTIN_THEMES
from textual.theme import Theme as TextualTheme

from paces_live.match import DEFAULT_TARGET, SPM_MAX, SPM_MIN, TOLERANCE_MAX, Listener
from paces_live.playback.player import Controls
from paces_live.render.theme import DARK, PLAIN, THEMES, Theme, choose
from paces_live.sensor import Sensor, cadence_words
from paces_live.tui.canvas import Canvas
from paces_live.tui.event_thread import EventThread
from paces_live.tui.keybar import Keybar
from paces_live.tui.keys import KEYS
from paces_live.tui.screen import draw, next_page
from paces_live.tui.tap import Taps
from paces_live.tui.undo import Change
from paces_live.tui.view import View

REFRESH_S = 0.25
"""Time between two looks at the newest state, seconds; nothing is drawn if it has not changed."""
TOLERANCE_STEP = 0.005


def _bindings() -> Iterator[Binding]:
    # In Textual's own, Ctrl-Q ends the app without a last song.
    yield Binding("ctrl+c,ctrl+q", "end", show=False, priority=True)
    yield Binding("ctrl+z", "suspend_process", show=False, priority=True)
    for keys in KEYS:
        shown = keys.shown.split()
        group = Binding.Group(keys.footer, compact=True) if len(shown) > 1 else None
        for index, (key, action) in enumerate(keys.actions.items()):
            visible = bool(keys.footer) and index < len(shown)
            display = shown[index] if visible else None
            yield Binding(key, action, keys.footer or keys.words, show=visible, key_display=display, group=group)


def _textual(theme: Theme) -> TextualTheme:
    """Return `theme` as one of Textual's, for the screen and the footer; the picture has styles of its own."""
    base = BUILTIN_THEMES["ansi-dark" if theme is PLAIN else "textual-dark" if theme is DARK else "textual-light"]
    footer = {
        "footer-background": theme.surface,
        "footer-item-background": theme.surface,
        "footer-key-background": theme.surface,
        "footer-key-foreground": theme.text,
        "footer-description-background": theme.surface,
        "footer-description-foreground": theme.faint,
    }
    return replace(
        base,
        name=theme.name,
        background=theme.background,
        surface=theme.surface,
        foreground=theme.text,
        variables=base.variables | footer,
    )


class PacesApp(App[None]):
    """One screen, its keys and its mouse."""

    CSS = """
    Screen { background: $background; color: $foreground; }
    #picture { width: 100%; height: 1fr; }
    """
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = list(_bindings())

    def __init__(
        self,
        listener: Listener,
        thread: EventThread,
        *,
        controls: Controls | None = None,
        switchable: bool = False,
        sensor: Sensor | None = None,
        theme: Theme | None = None,
        clock: Callable[[], float] = time.monotonic,
        terminal_gone: Callable[[], bool] = lambda: False,
    ) -> None:
        # Without colour we use the terminal's own two; Textual would show greys.
        no_color = os.environ.get("NO_COLOR")
        super().__init__(ansi_color=None if no_color is None else True)
        if no_color is not None:
            os.environ["NO_COLOR"] = no_color  # Textual removes it, but the table of songs needs it too.
        self._listener = listener
        self._event_thread = thread
        self._controls = controls
        self._switchable = switchable
        self._sensor = sensor
        self._clock = clock
        self._terminal_gone = terminal_gone
        self._colours = theme or choose()
        self._taps = Taps()
        self._paused = False
        self._periodicity = False
        self._help = 0
        self._change: Change | None = None
        self._picture = Canvas(id="picture")
        self._drawn: tuple[View, int, int] | None = None
        for one in THEMES.values():
            self.register_theme(_textual(one))
        self.theme = self._colours.name

    @property
    def view(self) -> View:
        """The newest state."""
        return View(
            self._event_thread.state,
            self._listener.target,
            self._listener.tolerance,
            cadence=cadence_words(self._sensor),
            taps=self._taps,
            paused=self._paused,
            ending=self._event_thread.stopping,
            periodicity=self._periodicity,
            elsewhere=self._event_thread.elsewhere,
            help=self._help,
            theme=self._colours,
        )

    def compose(self) -> ComposeResult:
        """Lay out the picture above the keys."""
        yield self._picture
        yield Keybar(show_command_palette=False)

    def on_mount(self) -> None:
        """Start to listen, and to look at the newest state."""
        self.title = "paces-live"
        self._event_thread.start()
        # A terminal forgets the picture while the program is suspended.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        # The timer belongs to the picture, so that it ends before the picture does.
        self._picture.set_interval(REFRESH_S, self._pull)
        self._picture.call_after_refresh(self._pull)

    def _pull(self) -> None:
        self._count_taps()
        now = (self.view, self._picture.size.width, self._picture.size.height)
        if now != self._drawn and self._picture.size.height > 0:
            self._drawn = now
            self._picture.show(draw(*now))
        # SIGHUP says so too, unless it is ignored; Textual would then read the end of its input at full speed.
        if self._terminal_gone():
            self._event_thread.stop()
        if self._event_thread.over:
            self.exit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 - Textual's
        """Return whether a key does anything here; the footer leaves out the others."""
        needs = next((keys.needs for keys in KEYS if action in keys.actions.values()), "")
        return {
            "": True,
            "session": not self._event_thread.elsewhere,
            "inputs": self._switchable,
            "controls": self._controls is not None,
        }[needs]

    def action_move(self, by: float) -> None:
        """Move the target by `by` steps per minute, within its range."""
        target = self._listener.target
        self._aim(DEFAULT_TARGET if target is None else target + by)

    def action_tap(self) -> None:
        """Count a tap; the target follows when the user pauses."""
        self._count_taps()
        self._taps = self._taps.tapped(self._clock())

    def action_undo(self) -> None:
        """Go back to the target before its last change, or forward again; while the user taps, only stop that."""
        self._count_taps()
        tapping, self._taps = bool(self._taps.times) and not self._taps.over, Taps()
        if self._change is not None and not tapping:
            before, self._change = self._change.before, Change(self._listener.target, -math.inf)
            self._listener.target = before

    def action_cancel(self) -> None:
        """Forget the taps, and hide the help."""
        self._taps, self._help = Taps(), 0

    def action_use(self) -> None:
        """Use the pace in large figures as the target."""
        if (shown := self.view.shown) is not None:
            self._aim(round(shown, 1))

    def action_widen(self, steps: int) -> None:
        """Change the tolerance by a number of steps, within its bounds."""
        wanted = round(self._listener.tolerance + steps * TOLERANCE_STEP, 4)
        self._listener.tolerance = min(TOLERANCE_MAX, max(TOLERANCE_STEP, wanted))

    def action_pause(self) -> None:
        """Pause the player, or the listening if there is no player; the second time, go on."""
        pause = self._event_thread.pause if self._controls is None else self._controls.pause
        if pause is not None:
            self._paused = not self._paused
            pause(self._paused)

    def action_switch(self) -> None:
        """Listen to the next input."""
        self._event_thread.switch()

    def action_next(self) -> None:
        """Play the next track."""
        if self._controls is not None:
            self._controls.next()

    def action_previous(self) -> None:
        """Play the previous track."""
        if self._controls is not None:
            self._controls.previous()

    def action_periodicity(self) -> None:
        """Show the periodicity, or hide it."""
        self._periodicity = not self._periodicity

    def action_colours(self) -> None:
        """Use the next theme."""
        names = list(THEMES)
        self._colours = THEMES[names[(names.index(self._colours.name) + 1) % len(names)]]
        self.theme = self._colours.name

    def action_help(self) -> None:
        """Show the help, then its next page; hide it after the last one."""
        self._help = next_page(self.view, self._picture.size.width, self._picture.size.height)

    def action_end(self) -> None:
        """End listening; the UI ends as soon as the last song is reported."""
        self._event_thread.stop()

    def on_canvas_aimed(self, aimed: Canvas.Aimed) -> None:
        """Use a place on the scale as the target."""
        self._aim(round(aimed.spm))

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Move the target up."""
        self.action_move(1)

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Move the target down."""
        self.action_move(-1)

    def _aim(self, target: float) -> None:
        self._taps = Taps()  # Another way to set the target ends the tapping.
        before, now = self._listener.target, self._clock()
        self._listener.target = min(SPM_MAX, max(SPM_MIN, target))
        if self._listener.target != before:
            self._change = self._change.then(before, now) if self._change else Change(before, now)

    def _count_taps(self) -> None:
        """Set the target to the rate of the taps once a pause has ended them."""
        self._taps = self._taps.at(self._clock())
        if self._taps.over and self._taps.target is not None:
            self._aim(self._taps.target)
