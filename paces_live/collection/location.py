r"""Finds the file that an entry of a playlist means: other programs and systems write its path in many ways.

The first of these spellings that exists is the file. A relative one belongs to the folder of the playlist.

1. The bytes of the line as they are, then the line as text.
2. Each with its percent signs decoded, such as ``%20``; a ``file:`` URI is decoded first.
3. Each with backslashes as slashes.
4. Each in other code pages.
5. All of these in another Unicode normal form, and then in another case.
6. For an absolute path of another machine, such as ``C:\Users\me\Music\A\1.mp3``: the longest end of it that exists
   in the folder of the playlist, or below a folder above it that has the same name as one in the path.
"""

import logging
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

from paces_live.collection.code_pages import in_other_code_pages
from paces_live.collection.entry import Entry
from paces_live.collection.folder import MUSIC, real_path
from paces_live.text import LONGEST_LINE, shown_path

_log = logging.getLogger(__name__)

LONGEST = 3 * 4096
"""Most characters of a location: a path of Linux, percent-encoded."""
DEEPEST = 32
"""Most parts at the end of an absolute path that are looked for elsewhere."""
_DRIVE = re.compile(r"/?[A-Za-z][:|](?=/)")


class Locator:
    """Finds files that entries of one playlist mean.

    Parameters
    ----------
    folder : Path
        Where the playlist lies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._listings: dict[tuple[str, Callable[[str], str]], dict[str, str]] = {}

    def find(self, entry: Entry) -> Path | None:
        """Return the file or folder that `entry` means; None if there is none."""
        if len(entry.location) > LONGEST:
            return None
        spellings = []
        # Nearly every file is found by its first spelling, so that the others need not be made.
        for spelling in _spellings(entry):
            if found := self._exact(self._folder, spelling):
                return found
            spellings.append(spelling)
        return self._logged(entry, self._similar(spellings))

    def _logged(self, entry: Entry, found: Path | None) -> Path | None:
        """Return `found`, which `entry` does not quite name, and log it."""
        if found:
            location = shown_path(entry.location[:LONGEST_LINE])
            _log.info(
                "%s, line %d: %s is taken as %s", shown_path(self._folder), entry.line, location, shown_path(found)
            )
        return found

    def _similar(self, spellings: list[str]) -> Path | None:
        """Return the file or folder that one of the spellings nearly names, or names on another machine."""
        whole = [("/" if one.startswith("/") else self._folder, one) for one in spellings]
        ends = [end for one in spellings for end in self._ends(one)]
        for key, places in ((_composed, whole), (_caseless, whole), (str, ends), (_composed, ends), (_caseless, ends)):
            for base, path in places:
                if found := self._descend(base, path, key):
                    return found
        return None

    def literal(self, entry: Entry) -> Path:
        """Return the path that `entry` names as it is written; there need not be a file."""
        return Path(self._folder, next(_spellings(entry)).strip(" \t"))

    def find_converted(self, entry: Entry, sheet: Path | None) -> Path | None:
        """Return music with the name of `entry` but another suffix, or with the name of `sheet`; None if there is none.

        CUE sheets go on to name the WAV file that became a FLAC file.
        """
        spellings = list(_spellings(entry)) if len(entry.location) <= LONGEST else []
        for path in (*(Path(self._folder, one) for one in spellings), *([sheet] if sheet else [])):
            stem = _caseless(path.stem)
            for name in sorted(self._listing(str(path.parent), str).values()):
                other = Path(name)
                if other.suffix.lower() in MUSIC and _caseless(other.stem) == stem:
                    return self._logged(entry, path.parent / name)
        return None

    def _exact(self, base: str, path: str) -> Path | None:
        found = os.path.join(base, path)  # noqa: PTH118 - Path would refuse what the system does
        return Path(found) if path and os.path.exists(found) else None  # noqa: PTH110 - Path.exists raises

    def _descend(self, base: str, path: str, key: Callable[[str], str]) -> Path | None:
        """Return the path below `base` each of whose parts has the same key as that of `path`."""
        at = base
        for part in path.split("/"):
            listing = self._listing(at, key)
            # There are hundreds of spellings; asking a disk in the network for each would take a second.
            if listing and part not in ("", ".", "..") and key(part) not in listing:
                return None
            below = os.path.join(at, part)  # noqa: PTH118
            if part and not os.path.exists(below):  # noqa: PTH110
                name = listing.get(key(part))
                if name is None:
                    return None
                below = os.path.join(at, name)  # noqa: PTH118
            at = below
        return Path(at)

    def _listing(self, folder: str, key: Callable[[str], str]) -> dict[str, str]:
        """Return the names in a folder by their keys."""
        if (folder, key) not in self._listings:
            try:
                listed = sorted((one.name for one in Path(folder).iterdir()), reverse=True)
            except (OSError, ValueError):
                listed = []
            self._listings[folder, key] = {key(name): name for name in listed}
        return self._listings[folder, key]

    @cached_property
    def _above(self) -> dict[str, str]:
        """The folders from the root down to the playlist, by their names in any case; the nearest of a name counts."""
        real = Path(real_path(Path(self._folder)))
        return {_caseless(one.name): str(one) for one in (*reversed(real.parents), real)}

    def _ends(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield where the end of an absolute path may be, the longest first."""
        if not (drive := _DRIVE.match(path)) and not path.startswith("/"):
            return
        parts = [part for part in path[drive.end() if drive else 0 :].split("/") if part][-DEEPEST:]
        for number in range(len(parts)):
            end = "/".join(parts[number:])
            if number and (above := self._above.get(_caseless(parts[number - 1]))):
                yield above, end
            yield self._folder, end


def _spellings(entry: Entry) -> Iterator[str]:
    """Yield what the location may be called here; see the module."""
    written = [entry.location] if entry.raw is None else [entry.raw, entry.raw.strip(" \t"), entry.location]
    plain = list(dict.fromkeys(chain.from_iterable(_decoded(one) for one in written)))
    yield from plain
    slashed = _slashed(plain)
    yield from slashed
    others = list(dict.fromkeys(chain.from_iterable(in_other_code_pages(one) for one in (*plain, *slashed))))
    yield from others
    yield from _slashed(others)


def _slashed(spellings: Iterable[str]) -> list[str]:
    return [one.replace("\\", "/") for one in spellings if "\\" in one]


def _decoded(location: str) -> list[str]:
    r"""Return a location as it is and without percent signs; the latter first if it is a URI.

    Examples
    --------
    >>> _decoded("two%20words.ogg"), _decoded("file://localhost/A%20B.ogg"), _decoded("file://nas/Music/A.ogg")
    (['two%20words.ogg', 'two words.ogg'], ['/A B.ogg', '/A%20B.ogg'], ['//nas/Music/A.ogg'])
    """
    is_uri = location[:5].lower() == "file:"
    if is_uri:
        location = location[5:].replace("\\", "/")
        host, slash, path = location[2:].partition("/") if location.startswith("//") else ("", "", "")
        if host.lower() in ("localhost", "127.0.0.1") or (slash and not host):
            location = slash + path
    if "%" not in location:
        return [location]
    plain = unquote(location, errors="surrogateescape")
    return [plain, location] if is_uri else [location, plain]


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _caseless(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
