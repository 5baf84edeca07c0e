"""Shows the events of an input and keeps its songs, for `listen`, `demo` and `play`."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paces_live.errors import SourceError, UsageError

if TYPE_CHECKING:
    from paces_live.analysis.classifier import Classifier
    from paces_live.events import Event
    from paces_live.inputs import Input
    from paces_live.match import Listener
    from paces_live.playback.player import Controls
    from paces_live.session import Listening, SessionConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How events are shown, by the options of the same names.

    Attributes
    ----------
    json, plain : bool
        As JSON; as lines of text even on a terminal.
    rejected : bool
        With the candidates that were judged incompatible, in text and JSON.
    theme : str
        Colours of the screen.
    """

    json: bool = False
    plain: bool = False
    rejected: bool = False
    theme: str = "auto"

    @property
    def screen(self) -> bool:
        """Whether there is a screen: nothing else is asked for, and there is a terminal to draw on and type at."""
        terminal = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        return terminal and not (self.json or self.plain)


def show(
    first: "Input",
    classifier: "Classifier",
    config: "SessionConfig",
    listener: "Listener",
    display: Display,
    *,
    history: bool,
    stages: "Sequence[Callable[[Event], Event]]" = (),
    controls: "Controls | None" = None,
    next_input: "Callable[[], Input] | None" = None,
) -> None:
    """Show the events of an input until it ends or the user ends it.

    Parameters
    ----------
    first : Input
    classifier, config, listener
        See `paces_live.session.Listening`.
    display : Display
    history : bool
        Whether songs are kept and known tracks recalled.
    stages : sequence of callable
        See `paces_live.session.Listening`.
    controls : Controls, optional
        The player that plays the source.
    next_input : callable, optional
        Opens the next of the inputs that the user can go through.
    """
    from paces_live.session import Listening
    from paces_live.system.sd_notify import Watchdog

    with ExitStack() as stack:
        watchdog = stack.enter_context(Watchdog.of_this_process())
        if history:
            stages = [*stages, stack.enter_context(_history(listener))]
        listening = Listening(classifier, config, listener, stages=stages, on_block=watchdog.alive)
        stack.enter_context(_stopped_by_signals(listening))
        if display.screen:
            from paces_live.tui.run import run

            run(listening, first, controls=controls, next_input=next_input, theme=display.theme)
            return
        from paces_live.render.json_lines import JsonWriter
        from paces_live.render.plain import PlainWriter

        writer = (JsonWriter if display.json else PlainWriter)(sys.stdout, listener, rejected=display.rejected)
        for event in listening.events(first.source, first.now_playing):
            writer.write(event)


def inputs_in_turn(first: str, sample_rate: int, now_playing: str) -> "Callable[[], Input]":
    """Return a function that opens one input of this machine after another, beginning after `first`.

    Inputs that need more options are left out.
    """
    last = first

    def open_next() -> "Input":
        nonlocal last
        from paces_live.inputs import open_input
        from paces_live.sources.devices import list_inputs

        specs = [one.spec for one in list_inputs() if one.problem is None and not one.options]
        if not specs:
            raise SourceError("there is no other input", hint="plug in a microphone, then press s")
        last = specs[(specs.index(last) + 1) % len(specs)] if last in specs else specs[0]
        return open_input(last, sample_rate=sample_rate, now_playing=now_playing)

    return open_next


def start_logging(*, verbose: bool, log_file: Path | None, screen: bool) -> None:
    """Write the log to a file, or else to standard error unless there is a screen; a service's goes to the journal."""
    root = logging.getLogger("paces_live")
    try:
        handler: logging.Handler = (
            logging.FileHandler(log_file, encoding="utf-8")
            if log_file
            else logging.NullHandler()
            if screen
            else logging.StreamHandler()
        )
    except OSError as error:
        raise UsageError(
            f"{log_file}: cannot be written: {error.strerror}", hint="choose another --log-file", code="usage.log_file"
        ) from None
    times = "%(asctime)s " if log_file else ""
    handler.setFormatter(logging.Formatter(f"{times}%(levelname)s %(name)s: %(message)s"))
    for old in root.handlers:
        old.close()
    root.handlers = [handler]
    # A full disk must not print a traceback for each line.
    logging.raiseExceptions = False
    root.setLevel(logging.INFO if verbose or log_file else logging.WARNING)


@contextmanager
def _history(listener: "Listener") -> "Iterator[Callable[[Event], Event]]":
    """Give the stage that keeps and recalls songs; report its last error at the end."""
    from paces_live.history.database import default_path
    from paces_live.history.recall import HistoryKeeper

    keeper = HistoryKeeper(default_path(), listener)
    try:
        yield keeper.take
    finally:
        if keeper.error:
            sys.stderr.write(f"paces-live: {keeper.error}\n")


@contextmanager
def _stopped_by_signals(listening: "Listening") -> Iterator[None]:
    """End `listening` cleanly at Ctrl-C or SIGTERM; a second one breaks off at once."""
    asked = False

    def stop(_signum: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        listening.stop()

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
