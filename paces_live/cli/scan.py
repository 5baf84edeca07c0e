"""`scan`: the files of folders into the library."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from paces_live.cli.error_line import write_error
from paces_live.cli.options import PATHS, Json, LibraryFile, Model, NamedPath, whole_number
from paces_live.errors import PacesError, UsageError

if TYPE_CHECKING:
    from paces_live.library.scan import Scan, Scanned
    from paces_live.library.store import Library


def _jobs(value: int | None) -> int | None:
    """Return `value` if it is a number of processes."""
    if value is not None and value < 1:
        raise UsageError(f"jobs {value} is out of range", hint="choose at least 1", code="usage.jobs")
    return value


def scan(
    # One that may not be read is reported, and does not stop the others.
    paths: Annotated[
        list[Path], typer.Argument(metavar="DIR", help=PATHS, click_type=NamedPath(readable=False, path_type=Path))
    ],
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh/--no-refresh",
            metavar="",
            help="Analyse songs again that another model has judged, and try unreadable files again.",
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            metavar="N",
            parser=whole_number("jobs", "how many processes, such as 4"),
            callback=_jobs,
            help="Number of songs that are analysed at once, by default one for each core.",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Analyse on the machines of a Ray cluster: its address, or [bold]auto[/bold] for one on this machine.",
        ),
    ] = None,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch/--no-watch", metavar="", help="Go on, and analyse what is added or changed, until Ctrl-C."
        ),
    ] = False,
    json: Json = False,
    library: LibraryFile = None,
    model: Model = None,
) -> None:
    """Analyse the music in folders, and keep the paces of each song in your library.

    Files that are known are not analysed again, even if they were moved, renamed or tagged.

    You can stop at any moment and start again later: nothing is lost, and nothing is done twice.

    If a file cannot be read, the library keeps why, the others are still analysed, and the exit status is 1.
    """
    with _opened(library, model, _Where(jobs, cluster), refresh=refresh) as (opened, scanning):
        changed = _changes(paths) if watch else ()
        failed = _run(scanning, paths, json=json)
        counts = opened.counts()
        _print_summary(counts, json=json)
        # A scan that watches has no other end than this one.
        with suppress(KeyboardInterrupt) if watch else nullcontext():
            for some in changed:
                there = {path for path in some if path.exists()}
                # A new folder is empty at first.
                _run(scanning, sorted(path for path in there if not _is_empty(path)), json=json)
                for path in some - there:
                    scanning.settle(path)
                before, counts = counts, opened.counts()
                if counts != before:
                    _print_summary(counts, json=json)
    if failed and not watch:
        raise typer.Exit(PacesError.exit_status)


def _is_empty(path: Path) -> bool:
    """Return whether a path is a folder with nothing in it; one that may not be opened, or has just gone, is not."""
    try:
        return path.is_dir() and not any(path.iterdir())
    except OSError:
        return False


def _changes(paths: list[Path]) -> "Iterator[set[Path]]":
    """Begin to watch the folders in `paths`; return what changes in them from now on."""
    from paces_live.library.watch import changes

    folders = [path.resolve() for path in paths if path.is_dir()]
    if not folders:
        raise UsageError("there is no folder to watch", hint="give one that exists", code="usage.watch")
    changed = changes(folders)
    next(changed)
    return filter(None, changed)


class _Where(NamedTuple):
    """How many processes, by default one for each core, or the address of a cluster."""

    jobs: int | None
    cluster: str | None


@contextmanager
def _opened(path: Path | None, model: Path | None, where: _Where, *, refresh: bool) -> "Iterator[tuple[Library, Scan]]":
    """Give the open library and a scan on it."""
    from paces_live.analysis.classifier import default_model
    from paces_live.analysis.manifest import Manifest
    from paces_live.library.analyser import Analyser
    from paces_live.library.cluster import ClusterWorkers
    from paces_live.library.scan import Scan
    from paces_live.library.store import Library, default_path
    from paces_live.library.workers import Workers

    analyser = Analyser.of(Manifest.read(model or default_model()))
    count = where.jobs or len(os.sched_getaffinity(0))
    with (
        Library(path or default_path()) as library,
        ClusterWorkers[Any](where.cluster, analyser, model) if where.cluster else Workers[Any](count, model) as workers,
        closing(Scan(library, workers, analyser, refresh=refresh)) as scanning,
    ):
        yield library, scanning


def _run(scanning: "Scan", paths: list[Path], *, json: bool) -> bool:
    """Scan `paths`, and show what is found; return whether a file could not be read."""
    from paces_live.render.progress import Rate

    failed = False
    with Rate(sys.stderr) as rate:
        rate.total = scanning.waiting(paths)
        for one in scanning.run(paths):
            failed = failed or one.error is not None
            _print(one, json=json)
            rate.done(one.song.duration if one.song else 0.0)
    return failed


def _print(one: "Scanned", *, json: bool) -> None:
    if json:
        from paces_live.render.library import scanned_line

        print(scanned_line(one), flush=True)  # noqa: T201
    elif one.error:
        write_error(one.error)


def _print_summary(counts: dict[str, int], *, json: bool) -> None:
    from paces_live.render.library import library_line, library_words

    print(library_line(counts) if json else library_words(counts))  # noqa: T201
