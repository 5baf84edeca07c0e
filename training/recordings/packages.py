"""Songs in Debian packages: downloaded and unpacked without root, and their licences."""

import io
import re
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from training.errors import TrainingError

AUDIO = frozenset({".flac", ".mp3", ".oga", ".ogg", ".opus"})
"""Suffixes of songs."""
ARCHIVES = frozenset({".pk3", ".zip", ".love"})
"""Suffixes of ZIP files in which games keep their data."""
INSIDE = "!/"
"""Stands between an archive and the path of a file in it."""
SMALLEST = 300_000
"""Size of the smallest file that may be a song, bytes."""
LICENCE = "copyright"
"""Name of the file with the licences in the folder of a package."""


def fetch(package: str, folder: Path) -> Path:
    """Download a Debian package and unpack its songs; nothing is installed.

    Parameters
    ----------
    package
        Its name.
    folder
        Gets a folder of this name, which is complete if it is there.

    Returns
    -------
    Path
        The folder of the package. Each song is at its path in the package; ``!/`` follows the name of an archive.

    Raises
    ------
    TrainingError
        If the package cannot be downloaded or unpacked.
    """
    target = folder / package
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        room = Path(scratch)
        unpack(_download(package, room), package, room / package)
        (room / package).replace(target)
    return target


def unpack(deb: Path, package: str, target: Path) -> None:
    """Unpack the songs of a Debian package, and its copyright file, into a new folder; see `fetch`."""
    target.mkdir()
    for path, content in _files(deb, package):
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def songs(folder: Path) -> list[str]:
    """Return the paths of the songs in the folder of a package, in order."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in AUDIO and path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def licence(text: str, path: str) -> tuple[str, str]:
    """Return the licence of a file, and who holds its copyright, from a ``debian/copyright`` in Debian's format.

    The paths in it are those of the source package, of which only the last parts are the same in the binary package.
    The paragraph that fits the longest last part counts, and of equally good ones the last. Free text gives nothing.

    Parameters
    ----------
    text
        The copyright file.
    path
        Path in the binary package.

    Returns
    -------
    tuple of str
        Short name of the licence, and the first holder, if a paragraph speaks of a part of the package only.

    Examples
    --------
    >>> text = '''Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
    ...
    ... Files: *
    ... Copyright: 2003 A team
    ... License: GPL-2+
    ...
    ... Files: data/music/*
    ... Copyright: 2010-2012, Ann Onym <ann@example.org>
    ... License: CC-BY-SA-3.0
    ... '''
    >>> licence(text, "usr/share/games/game/music/song.ogg")
    ('CC-BY-SA-3.0', 'Ann Onym')
    >>> licence(text, "usr/share/games/game/other/song.ogg")
    ('GPL-2+', '')
    """
    best = (-1, "", "")
    if not text.startswith("Format:"):
        return "", ""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", paragraph, re.MULTILINE))
        patterns = fields.get("Files", "").split()
        score = max((_common(pattern, path) for pattern in patterns), default=-1)
        if score >= max(best[0], 0):
            best = score, fields.get("License", "").strip().partition("\n")[0].strip(), fields.get("Copyright", "")
    # Who holds the rights of a whole package has seldom played its music.
    return best[1], _holder(best[2]) if best[0] > 0 else ""


def _common(pattern: str, path: str) -> int:
    """Return how many last parts of a pattern fit a path; -1 if it does not fit."""
    parts = PurePosixPath(pattern.removeprefix("./")).parts
    if parts == ("*",):
        return 0
    for start in range(len(parts)):
        rest = parts[start:]
        if set(rest) <= {"*"}:
            break
        if fnmatchcase("/" + path, "*/" + "/".join(rest)):
            return len(rest)
    return -1


def _holder(copyright_field: str) -> str:
    lines = [line.strip() for line in copyright_field.strip().split("\n") if line.strip()]
    name = re.sub(r"^(copyright|\(c\)|©|[\d\s,–-]|present)*(by\s)?", "", lines[0] if lines else "", flags=re.IGNORECASE)
    return re.sub(r"\s*[<(].*", "", name).strip()


def _download(package: str, folder: Path) -> Path:
    # As root, apt downloads as another user, who may not write here.
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise TrainingError("apt-get is missing: make the corpus of recordings on Debian") from None
    found = list(folder.glob("*.deb"))
    if done.returncode or not found:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise TrainingError(f"cannot download the Debian package {package}: {reason}")
    return found[0]


def _files(deb: Path, package: str) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each song, and of the copyright file, of a package."""
    licences = f"usr/share/doc/{package}/copyright"
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
            for member in tar:
                path = PurePosixPath(member.name).as_posix()
                suffix = PurePosixPath(path).suffix.lower()
                file = tar.extractfile(member) if member.isfile() else None
                if file is None or ".." in PurePosixPath(path).parts:
                    continue
                if path == licences:
                    yield LICENCE, file.read()
                elif suffix in AUDIO and member.size >= SMALLEST:
                    yield path, file.read()
                elif suffix in ARCHIVES:
                    yield from _archived(path, file.read())
        process.communicate()
    if process.returncode:
        raise TrainingError(f"cannot unpack the Debian package {package}: install dpkg")


def _archived(path: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            parts = PurePosixPath(info.filename)
            if parts.suffix.lower() in AUDIO and info.file_size >= SMALLEST and ".." not in parts.parts:
                yield f"{path}{INSIDE}{info.filename}", archive.read(info)
