"""What `listen`, `demo` and `play` do once there is an engine and a source: show what is heard, and keep its songs."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paces_live.playback.player import Controls
    from paces_live.session.interface import Engine
    from paces_live.sources.block import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How what is heard is shown: the options of that name.

    Attributes
    ----------
    json, plain : bool
        As JSON; as lines even on a terminal.
    rejected : bool
        With the candidates that were judged incompatible, in lines and JSON.
    theme : str
        Colours of the screen.
    """

    json: bool = False
    plain: bool = False
    rejected: bool = False
    theme: str = "auto"

    @property
    def screen(self) -> bool:
        """Whether it is a screen: where nothing else is wanted, a screen can be shown, and keys be read."""
        terminal = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        return terminal and not (self.json or self.plain)


def hear(
    engine: "Engine",
    source: "Source",
    form: Form,
    *,
    history: bool,
    titles: str = "auto",
    controls: "Controls | None" = None,
) -> None:
    """Show what `engine` hears of `source` until that ends or the user does.

    Parameters
    ----------
    engine, source
        What hears, and what.
    form : Form
        How it is shown.
    history : bool
        Whether songs are kept and recalled.
    titles : str
        Where titles of other inputs, which the user may go to, come from.
    controls : Controls, optional
        The player that plays the source; without one the user may go to other inputs.
    """
    from paces_live.system.sd_notify import notifying

    source = notifying(source)
    with _remembering(engine, wanted=history) as hearing, _signals_stop(hearing):
        if form.screen:
            from paces_live.tui.run import run

            inputs = None if controls else _inputs
            run(hearing, source, controls=controls, inputs=inputs, titles=titles, theme=form.theme)
            return
        from paces_live.render.writers import JsonWriter, PlainWriter

        writer = (JsonWriter if form.json else PlainWriter)(sys.stdout, rejected=form.rejected)
        for event in hearing.events(source):
            writer.write(event)


def _inputs() -> list[str]:
    """Return what can be listened to here, as `open_source` takes it; what needs options besides is left out."""
    from paces_live.sources.devices import list_inputs

    return [one.spec for one in list_inputs() if one.problem is None and not one.options]


@contextmanager
def _remembering(engine: "Engine", *, wanted: bool) -> "Iterator[Engine]":
    """Put the history beside `engine` where it is `wanted`; tell at the end what it could not do."""
    if not wanted:
        yield engine
        return
    from paces_live.history.database import default_path
    from paces_live.history.recall import RememberingEngine

    remembering = RememberingEngine(engine, default_path())
    try:
        yield remembering
    finally:
        if remembering.trouble:
            sys.stderr.write(f"paces-live: {remembering.trouble}\n")


@contextmanager
def _signals_stop(engine: "Engine") -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop `engine` cleanly; a second one breaks off at once."""
    asked = False

    def stop(_signum: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        engine.stop()

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
