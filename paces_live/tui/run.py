"""The terminal UI: shown until the source ends or the user quits; the songs heard are printed afterwards.

Imported only when the UI starts: Textual costs 0.2 s and 32 MB (measured), which pipes and services need not pay.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from paces_live.errors import SourceError
from paces_live.inputs import titled
from paces_live.match import best_match
from paces_live.playback.player import Controls
from paces_live.render.tables import Row, print_table
from paces_live.render.theme import choose
from paces_live.session.interface import Engine
from paces_live.sources import open_source
from paces_live.sources.block import Source
from paces_live.system.sd_notify import notifying
from paces_live.tui.app import PacesApp
from paces_live.tui.listener import Listener
from paces_live.tui.view import Heard


def run(
    engine: Engine,
    source: Source,
    *,
    controls: Controls | None = None,
    inputs: Callable[[], list[str]] | None = None,
    titles: str = "auto",
    theme: str = "auto",
) -> None:
    """Show what `engine` hears of `source` until it ends or the user quits, then print the songs heard.

    Parameters
    ----------
    engine, source
        What listens, and to what first.
    controls : Controls, optional
        The player that plays the source; its keys are shown.
    inputs : callable, optional
        Returns the inputs that the user can go through, as `paces_live.sources.open_source` takes them.
    titles : str
        Where the titles of those inputs come from, as `paces_live.inputs.titled` takes it.
    theme : {"auto", "dark", "light", "plain"}
        The colours; ``auto`` is dark, or plain where NO_COLOR is set.

    Raises
    ------
    PacesError
        What the engine raised, after the terminal is back to normal.
    UsageError
        There is no such theme.
    """
    colours = choose(theme)
    listener = Listener(engine, source, following(engine, source, inputs, titles) if inputs else None)
    app = PacesApp(engine, listener, controls=controls, switchable=inputs is not None, theme=colours)
    with _terminal_for_ui():
        app.run()
    listener.stop()
    _print_songs(listener.heard, engine.target, engine.tolerance)
    if listener.error:
        raise listener.error


def following(
    engine: Engine, first: Source, inputs: Callable[[], list[str]], titles: str = "auto"
) -> Callable[[], Source]:
    """Return what opens one of `inputs` after the other, from the one after `first` on."""
    last = first.name

    def open_next() -> Source:
        nonlocal last
        specs = inputs()
        if not specs:
            raise SourceError("there is no other input: plug a microphone in, then press s")
        last = specs[(specs.index(last) + 1) % len(specs)] if last in specs else specs[0]
        return notifying(titled(open_source(last, sample_rate=engine.sample_rate), titles))

    return open_next


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
