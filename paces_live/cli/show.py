"""Shows the events of an input and keeps its songs, for `listen`, `demo` and `play`."""

import errno
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paces_live.cli.report import report
from paces_live.errors import SourceError, UsageError

if TYPE_CHECKING:
    from paces_live.analysis.classifier import Classifier
    from paces_live.events import Event
    from paces_live.inputs import Input
    from paces_live.match import Listener
    from paces_live.playback.player import Controls
    from paces_live.session import SessionConfig

TWICE_S = 0.3
"""Time within which two signals are one, seconds."""
PATIENCE_S = 1
"""Time that a reader of standard output has to take something once the program was asked to end, whole seconds."""


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
        """Whether there is a screen: nothing else is asked for, and there is a terminal to draw on and type at.

        Its shapes need a terminal that takes UTF-8.
        """
        from paces_live.render.wording import writes_utf8

        terminal = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        return terminal and writes_utf8(sys.stdout) and not (self.json or self.plain)


def show(
    first: "Input",
    classifier: "Classifier",
    config: "SessionConfig",
    listener: "Listener",
    display: Display,
    *,
    history: bool | None,
    stages: "Sequence[Callable[[Event], Event]]" = (),
    controls: "Controls | None" = None,
    next_input: "Callable[[], Input] | None" = None,
    controlled: bool = True,
    sensor: str | None = None,
) -> None:
    """Show the events of an input until it ends or the user ends it.

    Parameters
    ----------
    first : Input
    classifier, config, listener
        See `paces_live.session.Listening`.
    display : Display
    history : bool or None
        Whether songs are kept and known tracks recalled; None is yes, but not for a program that reads JSON.
    stages : sequence of callable
        See `paces_live.session.Listening`.
    controls : Controls, optional
        The player that plays the source.
    next_input : callable, optional
        Opens the next of the inputs that the user can go through.
    controlled : bool
        Whether standard input, if it is no terminal, controls what is written as JSON; no if audio comes through it.
    sensor : str, optional
        The name of the sensor whose cadence the target follows; empty for the nearest one.
    """
    from paces_live.session import Listening
    from paces_live.system.sd_notify import Watchdog
    from paces_live.system.streams import reader_has_left

    screen = display.screen
    with ExitStack() as stack:
        watchdog = stack.enter_context(Watchdog.of_this_process())
        if history or (history is None and not display.json):
            stages = [*stages, stack.enter_context(_history(listener))]

        runner = None
        if sensor is not None:
            from paces_live.sensor import following

            runner = stack.enter_context(following(listener, sensor))
        answer: Callable[[], None] | None = None

        def on_block() -> None:
            watchdog.alive()
            if not screen and reader_has_left(sys.stdout):
                listening.stop()
            if answer is not None:
                answer()

        listening = Listening(classifier, config, listener, stages=stages, on_block=on_block)
        if screen:
            from paces_live.tui.run import run

            run(
                listening,
                first,
                controls=controls,
                next_input=next_input,
                sensor=runner,
                theme=display.theme,
                ended_by=ended_by_signals,
            )
            return
        from paces_live.render.json_lines import JsonWriter
        from paces_live.render.plain import PlainWriter

        kind = JsonWriter if display.json else PlainWriter
        writer = kind(sys.stdout, listener, rejected=display.rejected, sensor=runner)
        patience = stack.enter_context(ended_by_signals(listening.stop))
        failures: list[OSError] = []
        if controlled and isinstance(writer, JsonWriter) and not sys.stdin.isatty():
            from paces_live.cli.control import Control, ControlLines

            control = Control(listener, pause=listening.pause, player=controls)
            lines = stack.enter_context(ControlLines())

            def answer_lines() -> None:
                try:
                    with patience:
                        for line in lines.waiting():
                            writer.write_record(control.answer(line))
                except OSError as error:
                    # Not raised here: it would end the events before the history has the song.
                    failures.append(error)
                    listening.stop()

            answer = answer_lines

        events = listening.events(first.source, first.now_playing)
        try:
            for event in events:
                with patience:
                    writer.write(event)
        except OSError as error:
            # Nobody reads any more. The history still gets the song that was being heard.
            failures.append(error)
            listening.stop()
            for _ in events:
                pass
        if failures:
            raise failures[0]


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
            logging.FileHandler(log_file, encoding="utf-8", errors="backslashreplace")
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
            report(keeper.error)


class _Patience:
    """Breaks off what is in its ``with`` if it still waits some time after the program was asked to end."""

    def __init__(self) -> None:
        self._waiting = False

    def __enter__(self) -> None:
        self._waiting = True

    def __exit__(self, *_: object) -> None:
        self._waiting = False

    def over(self, _signum: int, _frame: object) -> None:
        """Break off; the handler of the alarm."""
        if self._waiting:
            raise BrokenPipeError(errno.EPIPE, "nobody reads what is written")


@contextmanager
def ended_by_signals(stop: Callable[[], None]) -> Iterator[_Patience]:
    """Call `stop` at Ctrl-C, at SIGTERM, and at SIGHUP, which comes when the terminal is closed.

    A second Ctrl-C or SIGTERM breaks off, unless it comes at the same moment: timeout(1) signals a program and then its
    group. A second SIGHUP never does: the shell and the system each send one. A program that was started to ignore it,
    by nohup, goes on.

    Gives the context to write in. A reader that takes nothing, such as a pager that was left open, must not keep the
    program from ending.
    """
    asked_at: float | None = None
    patience = _Patience()

    def end(signum: int, _frame: object) -> None:
        nonlocal asked_at
        now = time.monotonic()
        if signum != signal.SIGHUP:
            if asked_at is not None and now - asked_at > TWICE_S:
                raise KeyboardInterrupt
            asked_at = asked_at or now
        stop()
        signal.alarm(PATIENCE_S)

    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    before = {signum: signal.signal(signum, end) for signum in signals}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, patience.over)
    try:
        yield patience
    finally:
        signal.alarm(0)
        for signum, handler in before.items():
            signal.signal(signum, handler)
