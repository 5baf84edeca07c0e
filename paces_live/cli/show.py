"""Shows the events of a stream, for `listen`, `demo`, `play` and `follow`; the first three keep its songs."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paces_live.cli.error_line import write_error
from paces_live.cli.signals import ended_by_signals
from paces_live.errors import SourceError, UsageError

if TYPE_CHECKING:
    from paces_live.analysis.classifier import Classifier
    from paces_live.events import Event
    from paces_live.inputs import Input
    from paces_live.match import Listener
    from paces_live.playback.player import Controls
    from paces_live.session import SessionConfig
    from paces_live.session.listening import EventStream


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

    with ExitStack() as stack:
        duties = [stack.enter_context(Watchdog.of_this_process()).alive]
        if history or (history is None and not display.json):
            stages = [*stages, stack.enter_context(_history(listener))]

        def on_block() -> None:
            for duty in duties:
                duty()

        def stream(one: "Input") -> "EventStream":
            return listening.stream(one.source, one.now_playing)

        listening = Listening(classifier, config, listener, stages=stages, on_block=on_block)
        present(
            stream(first),
            listener,
            display,
            duties,
            controls=controls,
            next_stream=(lambda: stream(next_input())) if next_input else None,
            controlled=controlled,
            sensor=sensor,
        )


def present(
    first: "EventStream",
    listener: "Listener",
    display: Display,
    duties: list[Callable[[], None]],
    *,
    controls: "Controls | None" = None,
    next_stream: "Callable[[], EventStream] | None" = None,
    controlled: bool = True,
    sensor: str | None = None,
) -> None:
    """Show the events of a stream until it ends or the user ends it.

    Parameters
    ----------
    first : EventStream
    listener : Listener
        Its target is what events are matched with; keys and lines of control change it.
    display : Display
    duties : list of callable
        What the thread of the events does at least twice a second; more is added here.
    controls, next_stream, controlled, sensor
        As in `show`.
    """
    from paces_live.system.streams import reader_has_left

    with ExitStack() as stack:
        runner = None
        if sensor is not None:
            from paces_live.sensor import following

            runner = stack.enter_context(following(listener, sensor))
        if display.screen:
            from paces_live.tui.run import run

            run(
                first,
                listener,
                controls=controls,
                next_stream=next_stream,
                sensor=runner,
                theme=display.theme,
                ended_by=ended_by_signals,
            )
            return
        from paces_live.render.json_lines import JsonWriter
        from paces_live.render.plain import PlainWriter

        kind = JsonWriter if display.json else PlainWriter
        writer = kind(sys.stdout, listener, rejected=display.rejected, sensor=runner)
        failures: list[OSError] = []

        def leave_with_reader() -> None:
            if reader_has_left(sys.stdout):
                first.stop()

        duties.append(leave_with_reader)
        patience = stack.enter_context(ended_by_signals(first.stop))
        if controlled and isinstance(writer, JsonWriter) and not sys.stdin.isatty():
            from paces_live.cli.control import Control, ControlLines

            control = Control(listener, pause=first.pause, player=controls)
            lines = stack.enter_context(ControlLines())

            def answer_lines() -> None:
                try:
                    with patience:
                        for line in lines.waiting():
                            writer.write_record(control.answer(line))
                except OSError as error:
                    # Not raised here: it would end the events before the history has the song.
                    failures.append(error)
                    first.stop()

            duties.append(answer_lines)

        events = first.events()
        try:
            for event in events:
                with patience:
                    writer.write(event)
        except OSError as error:
            # Nobody reads any more. The history still gets the song that was being heard.
            failures.append(error)
            first.stop()
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
            write_error(keeper.error)
