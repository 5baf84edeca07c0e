"""`serve`: the backend of a jogging app."""

import asyncio
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.options import (
    History,
    InputName,
    Interval,
    LogFile,
    Model,
    NowPlaying,
    Target,
    Tolerance,
    Verbose,
    whole_number,
)
from paces_live.cli.target import sensor_of
from paces_live.errors import ServerError, UsageError, pip_install
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener
from paces_live.sensor import following

if TYPE_CHECKING:
    from collections.abc import Callable

    from paces_live.events import Event
    from paces_live.inputs import Input
    from paces_live.server.backend import Backend
    from paces_live.system.sd_notify import Watchdog

DEFAULT_PORT = 8765
LAG_MAX_S = 10.0
"""Lag from which on the hub counts as hung, seconds; the service manager then starts the server again."""


def serve(
    source: InputName = "mic",
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on; 0.0.0.0 is all of this machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(metavar="N", parser=whole_number("port", "a port, such as 8765"), help="Port; 0 is any free one."),
    ] = DEFAULT_PORT,
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    interval: Interval = 1,
    max_streams: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole_number("max-streams", "a number of streams"),
            help="Most streams that clients may send at a time.",
        ),
    ] = 100,
    max_listeners: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole_number("max-listeners", "a number of listeners"),
            help="Most connections that may follow a stream.",
        ),
    ] = 2000,
    now_playing: NowPlaying = "auto",
    history: History = None,
    model: Model = None,
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Serve a page for phones, and the events of this machine's input, to any number of listeners.

    Each has a target of its own. Phones can also send their own microphones.

    Ctrl-C ends it cleanly.
    """
    from paces_live.cli.show import start_logging

    start_logging(verbose=verbose, log_file=log_file, screen=False)
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise ServerError(
            "serve needs packages that are not installed",
            hint=pip_install("starlette", "uvicorn", "websockets", "prometheus-client", "segno"),
            code="server.package_missing",
        ) from None
    listener = Listener(float(target), tolerance)
    from paces_live.analysis.classifier import load_classifier
    from paces_live.cli.signals import ended_by_signals
    from paces_live.server.app import create_app
    from paces_live.server.backend import Backend, Limits, Own
    from paces_live.server.control import Inputs
    from paces_live.server.serve import Port, Server, listen_on
    from paces_live.session import SessionConfig
    from paces_live.system.sd_notify import Watchdog

    classifier = load_classifier(model)
    open_input = partial(_open, sample_rate=classifier.features.sample_rate, now_playing=now_playing)
    with ExitStack() as stack:
        name, own = sensor_of(target), None
        sensor = None if name is None else stack.enter_context(following(listener, name))
        if source != "none":
            open_input(source)
            stages = _stages(listener, keep=history, source=source)
            own = Own(lambda: open_input(source), stages, endless=source == "demo", sensor=sensor)
        limits, config = Limits(max_streams, max_listeners), SessionConfig(interval=float(interval))
        backend = Backend(classifier, listener, own, config=config, limits=limits)
        inputs = Inputs(source, open_input, lambda: backend.machine) if own else None
        listening = listen_on(host, port)
        server = Server(create_app(backend, inputs), [Port(listening)], on_stop=backend.close)
        typer.echo(f"http://{host}:{listening.getsockname()[1]}/")
        stack.enter_context(ended_by_signals(server.stop))
        watchdog = stack.enter_context(Watchdog.of_this_process())
        server.run(beside=lambda: _watched(watchdog, backend))


def _stages(listener: Listener, *, keep: bool | None, source: str) -> "list[Callable[[Event], Event]]":
    """Return the history, which takes the songs of this machine's input unless that is the demo."""
    if keep is False or source == "demo":
        return []
    from paces_live.history.database import default_path
    from paces_live.history.recall import HistoryKeeper

    return [HistoryKeeper(default_path(), listener).take]


async def _watched(watchdog: "Watchdog", backend: "Backend") -> None:
    """Let the service manager know that we are alive, for as long as the hub keeps up."""
    while True:
        if backend.lag_s < LAG_MAX_S:
            watchdog.alive()
        await asyncio.sleep(1.0)


def _open(spec: str, *, sample_rate: int, now_playing: str) -> "Input":
    from paces_live.inputs import demo_input, open_input

    if spec == "-":
        raise UsageError("serve does not read standard input", hint="use a pipe with a name", code="usage.input")
    if spec == "demo":
        return demo_input(sample_rate, name="demo")
    return open_input(spec, sample_rate=sample_rate, now_playing=now_playing)
