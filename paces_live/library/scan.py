"""Scans folders: finds the files that are new or have changed, has them analysed, and keeps what is found.

Everything that is known is in the database, and each song is there as soon as it is found. So a scan may be killed at
any moment, and the next one goes on with the rest.
"""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from paces_live.collection.find import find_items
from paces_live.collection.folder import music_in, real_name
from paces_live.collection.items import Unreadable
from paces_live.errors import LibraryError, PacesError, SourceError, cannot_open
from paces_live.events import Track
from paces_live.library.analyser import Analyser
from paces_live.library.claims import Claims
from paces_live.library.entries import UNKNOWN, Stamp
from paces_live.library.files import FilePaces
from paces_live.library.scan_worker import error_in, song_in, track_in
from paces_live.library.store import Library
from paces_live.library.workers import WorkerPool
from paces_live.text import shown_path

FATAL = ("model", "runtime")
"""Classes of errors that every file would meet."""
CLAIMED_S = 1.0
"""Time after which songs that another scan analyses are looked at again, seconds."""
GONE_AT_ONCE = 500
"""Files that are noted as gone in one transaction."""

How = Literal["analysed", "known", "changing", "unreadable"]


class Scanned(NamedTuple):
    """What became of a file.

    Attributes
    ----------
    path : Path
    how : str
        ``analysed``; ``known`` if its sound was analysed before, in another place or with other tags; ``changing`` if
        it changed in the meantime, so that the next scan takes it; or ``unreadable``.
    song : FilePaces or None
        What was found if it was analysed.
    error : PacesError or None
        Why it could not be read.
    """

    path: Path
    how: How
    song: FilePaces | None = None
    error: PacesError | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """A file that is to be identified, or analysed if its `content` is known; `again` if a worker ended over it."""

    path: Path
    stamp: Stamp
    content: str | None = None
    track: Track | None = None
    again: bool = False


class Scan:
    """A scan on an open library.

    Parameters
    ----------
    library : Library
    workers : WorkerPool
    analyser : Analyser
        What they judge with.
    refresh : bool
        Whether stale songs are analysed again, and unreadable files are tried again.
    """

    def __init__(
        self, library: Library, workers: WorkerPool[Any], analyser: Analyser, *, refresh: bool = False
    ) -> None:
        self._library = library
        self._workers: WorkerPool[_Job] = workers
        self._refresh = refresh
        self._claims = Claims(library.path.with_name(f"{library.path.name}-lock"))
        self._due: deque[_Job] = deque()
        self._claimed: list[_Job] = []
        library.use(*analyser)

    def close(self) -> None:
        """Give up what others may do now; the library stays open."""
        self._claims.close()

    def waiting(self, paths: Iterable[Path]) -> int:
        """Return how many files below `paths` are to be looked into."""
        return sum(isinstance(one, _Job) for one in self._jobs(paths))

    def run(self, paths: Iterable[Path]) -> Iterator[Scanned]:
        """Yield what becomes of the files in `paths` that are new or have changed, as soon as it is kept.

        Raises
        ------
        LibraryError
            Nothing can be kept.
        PacesError
            The model does not work.
        """
        paths = [real_name(path) for path in paths]
        self._library.unsee()
        jobs = self._jobs(paths)
        while True:
            self._claimed, done = [], False
            for one in self._pass(jobs):
                done = True
                yield one
            if not self._claimed:
                break
            jobs = iter(self._claimed)
            time.sleep(0.0 if done else CLAIMED_S)
        for path in paths:
            if path.exists():
                self.settle(path)

    def settle(self, root: Path) -> None:
        """Note which files at or below `root` are gone; the scan has seen all others."""
        gone: list[int] = []
        for number, path in self._library.unseen(root):
            if _is_gone(path):
                gone.append(number)
            if len(gone) >= GONE_AT_ONCE:
                self._library.lose(gone)
                gone = []
        if gone:
            self._library.lose(gone)

    def _pass(self, jobs: Iterator[Scanned | _Job]) -> Iterator[Scanned]:
        """Do all jobs once. Those for songs that another scan analyses are set aside."""
        while True:
            while self._workers.has_free:
                # What was begun comes first, so that little waits, however many files there are.
                job = self._due.popleft() if self._due else None
                new = next(jobs, None) if job is None else None
                if isinstance(new, Scanned):
                    yield new
                elif new and new.content is None:
                    job = new
                elif new and (found := self._begin(new)):
                    yield found
                elif new is None and job is None:
                    break
                if job:
                    task = "analyse" if job.content else "identify"
                    self._workers.give(job, {"task": task, "path": str(job.path)})
            if not self._workers.busy:
                return
            for job, reply in self._workers.wait():
                if found := self._took(job, reply):
                    yield found

    def _jobs(self, paths: Iterable[Path]) -> Iterator[Scanned | _Job]:
        """Yield what is to be done, and what cannot be used; note what is there and known."""
        before = None
        for path in map(real_name, paths):
            for item in music_in(path, again=True) if path.is_dir() else find_items([path]):
                if isinstance(item, Unreadable):
                    yield Scanned(item.path, "unreadable", error=item.error)
                elif item.path != before:  # The songs of a CUE sheet are in one file.
                    before = item.path
                    try:
                        stamp = Stamp.of(item.path)
                    except OSError as error:
                        yield Scanned(item.path, "unreadable", error=cannot_open(shown_path(item.path), error))
                        continue
                    if not item.path.is_file():
                        # A pipe or a device may never end.
                        yield Scanned(item.path, "unreadable", error=_irregular(item.path))
                    elif job := self._job(item.path, stamp):
                        yield job

    def _job(self, path: Path, stamp: Stamp) -> _Job | None:
        """Return what is to be done with a file; None if it is known."""
        known = self._library.known(path)
        if known is None or known.stamp != stamp:
            return _Job(path, stamp)
        if self._refresh and (known.stale or known.content is None):
            return _Job(path, stamp, known.content)
        self._library.saw(known)
        return None

    def _took(self, job: _Job, reply: dict[str, Any] | None) -> Scanned | None:
        """Go on with what a worker has found; return what became of the file if that is known now."""
        if reply is None and not job.again:
            # Something may have killed the worker that has nothing to do with the file.
            self._due.append(replace(job, again=True))
            return None
        error = _crashed(job.path) if reply is None else error_in(reply)
        if error or job.content:
            try:
                return self._ended(job, reply or {}, error)
            finally:
                self._claims.drop(job.content or "")
        assert reply
        return self._begin(replace(job, content=reply["content"], track=track_in(reply)))

    def _begin(self, job: _Job) -> Scanned | None:
        """Have a song analysed, unless it is known, or another scan has begun with it."""
        assert job.content
        if not self._is_known(job.content):
            if not self._claims.take(job.content):
                self._claimed.append(job)
                return None
            # The other scan may have kept it before it gave up the claim.
            if not self._is_known(job.content):
                self._due.append(job)
                return None
            self._claims.drop(job.content)
        self._library.keep(job.path, job.stamp, job.content, job.track)
        return Scanned(job.path, "known")

    def _is_known(self, content: str) -> bool:
        stale = self._library.is_stale(content)
        return stale is not None and not (stale and self._refresh)

    def _ended(self, job: _Job, reply: dict[str, Any], error: PacesError | None) -> Scanned:
        """Keep what was found in a file, or why it cannot be read."""
        if error and error.code.partition(".")[0] in FATAL:
            raise error
        try:
            is_same = Stamp.of(job.path) == job.stamp
        except OSError:
            is_same = False
        if not is_same:
            return Scanned(job.path, "changing")
        if error:
            self._failed(job, error)
            return Scanned(job.path, "unreadable", error=error)
        assert job.content
        song = song_in(reply)
        self._library.keep(job.path, job.stamp, job.content, job.track, song)
        return Scanned(job.path, "analysed", song)

    def _failed(self, job: _Job, error: PacesError) -> None:
        """Keep why a file cannot be read; what is known about the sound in it stays, if it may be the same."""
        may_be_read = os.access(job.path, os.R_OK)
        known = self._library.known(job.path)
        if job.content and self._library.is_stale(job.content) is not None:
            self._library.keep(job.path, job.stamp, job.content, job.track)
        elif known and known.content and not may_be_read:
            self._library.saw(known)
        else:
            # If it may not even be read, the reason may be gone the next time, without a change of the file.
            self._library.fail(job.path, job.stamp if may_be_read else UNKNOWN, error)


def _irregular(path: Path) -> SourceError:
    return SourceError(f"{shown_path(path)}: is no regular file", hint="give a file of music", code="source.unreadable")


def _crashed(path: Path) -> LibraryError:
    return LibraryError(
        f"{shown_path(path)}: the process that analysed it has ended, twice",
        hint="free some memory, then scan with --refresh",
        code="library.crashed",
    )


def _is_gone(path: Path) -> bool:
    """Return whether there is no such file; one that may not be looked at is not gone."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
