"""Watches folders: says which files and folders in them have changed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from paces_live.collection.folder import MUSIC
from paces_live.errors import LibraryError, pip_install, reason

QUIET_MS = 1000
"""Time for which nothing may change before changes are reported, milliseconds: files are copied bit by bit."""
LONGEST_MS = 60_000
"""Longest time for which changes are held back, milliseconds: an album may take minutes."""


def changes(folders: Sequence[Path]) -> Iterator[set[Path]]:
    """Yield what has changed in folders and the folders in them, as long as it is asked for.

    The first time comes at once, and is empty: from then on nothing is missed. It holds files of music, folders, and
    what does not exist any more.

    Raises
    ------
    LibraryError
        The package that watches is not installed, or the system lets nobody watch so much.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise LibraryError(
            "the package that watches folders is missing",
            hint=pip_install("watchfiles"),
            code="library.package_missing",
        ) from error
    try:
        for found in watchfiles.watch(
            *folders,
            watch_filter=lambda _, path: _matters(Path(path)),
            debounce=LONGEST_MS,
            step=QUIET_MS,
            rust_timeout=QUIET_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            yield {Path(path) for _, path in found}
    except (OSError, RuntimeError) as error:
        raise LibraryError(
            f"the folders cannot be watched ({reason(error)})",
            hint="scan now and then instead, by a timer, or raise fs.inotify.max_user_watches",
        ) from error


def _matters(path: Path) -> bool:
    return not path.name.startswith(".") and (path.suffix.lower() in MUSIC or path.is_dir() or not path.exists())
