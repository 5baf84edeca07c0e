"""Shows the terminal UI until the stream ends or the user quits, then prints the songs.

Imported only when the UI starts: Textual costs 0.2 s and 32 MB (measured), which pipes and services need not pay.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from paces_live.events import Song
from paces_live.match import Listener
from paces_live.playback.player import Controls
from paces_live.render.tables import Row, print_table
from paces_live.render.theme import choose
from paces_live.sensor import Sensor
from paces_live.session.listening import EventStream
from paces_live.system.streams import StandardStream, reader_has_left
from paces_live.tui.app import PacesApp
from paces_live.tui.event_thread import EventThread


def run(
    first: EventStream,
    listener: Listener,
    *,
    controls: Controls | None = None,
    next_stream: Callable[[], EventStream] | None = None,
    sensor: Sensor | None = None,
    theme: str = "auto",
    ended_by: Callable[[Callable[[], None]], AbstractContextManager[object]] = nullcontext,
) -> None:
    """Show what is heard until the stream ends or the user quits, then print the songs.

    Parameters
    ----------
    first : EventStream
        What is heard first.
    listener : Listener
        Its target is shown, and changed by keys.
    controls : Controls, optional
        The player that plays the source; its keys are shown, and the user cannot change the input.
    next_stream : callable, optional
        Opens the next input when the user asks for it.
    sensor : Sensor, optional
        Its cadence is shown below the pace.
    theme : {"auto", "dark", "light", "plain"}
        The colours; ``auto`` is dark, or plain if NO_COLOR is set.
    ended_by : callable
        Gives a context in which something else than a key, such as a signal, may call the function that ends it all.

    Raises
    ------
    PacesError
        The error of the stream, after the terminal is back to normal.
    UsageError
        There is no such theme.
    """
    colours = choose(theme)
    thread = EventThread(first, None if controls else next_stream)
    app = PacesApp(
        listener,
        thread,
        controls=controls,
        switchable=next_stream is not None and not controls,
        sensor=sensor,
        theme=colours,
        terminal_gone=lambda: sys.__stderr__ is not None and reader_has_left(sys.__stderr__),
    )
    with ended_by(thread.stop):
        with _terminal_for_ui():
            app.run()
        thread.close()
        _print_songs(thread.state.songs, listener)
    if thread.error:
        raise thread.error


def _print_songs(songs: tuple[Song, ...], listener: Listener) -> None:
    """Print the songs on the normal screen, matched with the target as it is at the end."""
    if not songs:
        return
    rows = [
        Row(
            f"{song.song}  {song.caption or ''}",
            song.end - song.start,
            song.paces,
            song.beat,
            song.sections,
            song.skipped,
        )
        for song in songs
    ]
    print_table(rows, "song", listener, stream=sys.stdout)


@contextmanager
def _terminal_for_ui() -> Iterator[None]:
    """Keep native libraries from writing into the picture.

    Textual draws on `sys.__stderr__`, and ALSA and PortAudio complain on the same file descriptor. While the UI runs,
    Python's stderr is a copy of the terminal, and descriptor 2 leads nowhere.
    """
    python_stderr, textual_stderr = sys.stderr, sys.__stderr__
    saved = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as copy:
        # If the terminal is closed, a thread of Textual would fail, and the UI would wait for it forever.
        terminal = StandardStream(copy, raises=False)
        sys.stderr = sys.__stderr__ = terminal  # type: ignore[misc]
        os.dup2(sink, 2)
        try:
            yield
        finally:
            with suppress(OSError):
                terminal.close()
            os.dup2(saved, 2)
            os.close(saved)
            os.close(sink)
            sys.stderr, sys.__stderr__ = python_stderr, textual_stderr  # type: ignore[misc]
