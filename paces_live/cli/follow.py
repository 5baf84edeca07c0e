"""`follow`: show a stream of a server elsewhere."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.options import Json, LogFile, Plain, Target, Theme, Tolerance, Verbose
from paces_live.cli.setting import TOKEN_VARIABLE
from paces_live.cli.show import Display, present, start_logging
from paces_live.cli.target import sensor_of
from paces_live.errors import UsageError, reason
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener

if TYPE_CHECKING:
    from paces_live.events import Event

TOKEN_BYTES = 4096
"""Most of a file that is read as a token."""


def follow(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="Address that serve printed, such as http://pi.local:8765.")
    ],
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    json: Json = False,
    plain: Plain = False,
    stream: Annotated[
        str, typer.Option(metavar="ID", help="Stream to follow; main is what the server's machine listens to.")
    ] = "main",
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="File that has the token of the server; without it, the variable PACES_LIVE_TOKEN."
        ),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Certificate of the authority to trust, such as the server's ca.crt."),
    ] = None,
    theme: Theme = "auto",
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Show what a server of paces-live hears, with a target of your own.

    It looks as listen does. If the network goes away, it connects again.

    Ctrl-C ends it cleanly, and the exit status is 0.
    """
    display = Display(json=json, plain=plain, theme=theme)
    start_logging(verbose=verbose, log_file=log_file, screen=display.screen)
    listener = Listener(float(target), tolerance)
    from paces_live.client import Server
    from paces_live.session.listening import EventStream

    server = Server(address, _token(token_file), ca=ca)
    stop, duties = threading.Event(), list[Callable[[], None]]()
    place = server.address.partition("://")[2]

    def on_wait() -> None:
        for duty in duties:
            duty()

    def events() -> "Iterator[Event]":
        found = server.events(stream, listener=listener, stop=stop, on_wait=on_wait)
        return found if json else _placed(found, place)

    present(EventStream(place, events, stop.set), listener, display, duties, sensor=sensor_of(target))


def _placed(events: "Iterator[Event]", place: str) -> "Iterator[Event]":
    """Yield `events` with the place of the server in the name of the input, for people."""
    from paces_live.events import Start

    for event in events:
        yield replace(event, input=f"{event.input} at {place}") if isinstance(event, Start) else event


def _token(file: Path | None) -> str | None:
    """Return the token in `file`, or else in the environment; None if there is none."""
    if file is None:
        return os.environ.get(TOKEN_VARIABLE) or None
    try:
        with file.open("rb") as opened:
            return opened.read(TOKEN_BYTES).decode(errors="replace").strip()
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read: {reason(error)}", hint="check it and its permissions", code="usage.token_file"
        ) from None
