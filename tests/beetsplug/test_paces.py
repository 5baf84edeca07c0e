"""The plugin of beets, in a real beets with a library of its own."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from mutagen.flac import FLAC

from paces_live.events import SongPace, Track
from paces_live.library.store import Library
from tests.support.library import fill, write

pytest.importorskip("beets", reason="beets is not installed: make test sets it up")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CONFIGURATION = """\
directory: {folder}/Music
library: {folder}/beets.db
plugins: paces
pluginpath: {plugins}
import: {{{placing}, write: no}}
paces: {{library: {folder}/paces.db, jobs: 1, auto: {auto}}}
"""


class Beets:
    """A beets with settings and a library in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paces = folder / "paces.db"
        self.set(auto=False)

    def set(self, *, auto: bool, placing: str = "copy: no", plugins: Path = ROOT / "paces_live" / "beetsplug") -> None:
        """Write the settings."""
        said = "yes" if auto else "no"
        text = CONFIGURATION.format(folder=self.folder, auto=said, placing=placing, plugins=plugins)
        (self.folder / "config.yaml").write_text(text, "utf-8")

    def run(self, *arguments: str | Path, code: int = 0) -> tuple[str, str]:
        """Run a command; return its output and its errors."""
        environment = os.environ | {"BEETSDIR": str(self.folder), "COLUMNS": "80"}
        command = [sys.executable, "-m", "beets", *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    def add(self, name: str = "Music", **songs: float) -> str:
        """Import a folder with songs of these titles and tempi; return the errors."""
        for title, bpm in songs.items():
            file = FLAC(write(self.folder / name / f"{title}.flac", bpm, 15.0))
            file.update(title=title, artist="Band")
            file.save()
        return self.run("import", "-A", *(["-s"] if name == "Music" else []), "-q", self.folder / name)[1]

    def titles(self, *query: str) -> list[str]:
        """Return the titles of the songs that a query finds."""
        return self.run("ls", "-f", "$title", *query)[0].split()


@pytest.fixture
def beets(tmp_path: Path) -> Beets:
    """Return a beets that has imported three songs: at 165, at 100, and one that is no music."""
    beets = Beets(tmp_path)
    beets.add(fast=165.0, slow=100.0, broken=130.0)
    (tmp_path / "Music/broken.flac").write_text("no music")
    return beets


def test_songs_get_their_paces_and_are_found_by_any_of_them(beets: Beets) -> None:
    assert beets.run("paces", "--pretend", "title:fast") == ("Band -  - fast: not known yet\n", "")
    assert not beets.paces.exists()
    _, errors = beets.run("paces")
    assert "paces: 2 of 3 songs have paces now" in errors
    assert "broken.flac: is not audio" in errors
    assert sorted(beets.titles("pace:165")) == sorted(beets.titles("pace:82.5±1%")) == ["fast"]
    assert beets.titles("pace:95..105") == beets.titles("pace:190..210") == ["slow"]
    assert beets.titles("pace:165", "title:slow") == beets.titles("pace:none") == []
    assert sorted(beets.titles("^pace:165")) == ["broken", "slow"]
    # Nothing is done twice.
    _, errors = beets.run("paces", "title:fast")
    assert errors == ""
    beets.run("modify", "-y", "-M", "-W", "title:fast", "paces=77.7")
    beets.run("paces", "title:fast")
    assert beets.titles("pace:77.7") == ["fast"]
    beets.run("paces", "--force", "title:fast")
    assert beets.titles("pace:165") == ["fast"]


def test_what_is_known_is_not_analysed(beets: Beets) -> None:
    music = beets.folder / "Music"
    beets.run("paces")
    with Library(beets.paces) as library:
        before = library.counts()
    (music / "slow.flac").chmod(0)
    beets.run("modify", "-y", "-M", "-W", "title:slow", "paces!")
    beets.run("paces", "title:slow")
    assert beets.titles("pace:100") == ["slow"]
    with Library(beets.paces) as library:
        assert library.counts() == before


def test_ranges_and_songs_without_a_pace(tmp_path: Path) -> None:
    beets = Beets(tmp_path)
    beets.add(ramp=100.0, rubato=100.0)
    with Library(beets.paces) as library:
        paces = {"ramp": [SongPace(160.0, 0.9, 1.0, 150.0, 170.0)], "rubato": []}
        fill(library, *((str(tmp_path / f"Music/{one}.flac"), paces[one], None, Track(title=one)) for one in paces))
    shown, _ = beets.run("paces", "-p")
    assert sorted(line.rpartition(": ")[2] for line in shown.splitlines()) == ["150.0..170.0", "none"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("pace:fast", "'fast' is not a pace: write pace:165, 160..170 or 165±3%"),
        ("pace:9", "'9' is not a pace: choose 40 to 320"),
        ('pace:165" sure:1', "is not a pace"),
        ('pace:165" "170', "is not a pace"),
    ],
)
def test_a_query_that_is_wrong_is_one_line(tmp_path: Path, query: str, words: str) -> None:
    _, errors = Beets(tmp_path).run("ls", query, code=1)
    assert words in errors
    assert "Traceback" not in errors


def test_an_import_analyses_only_if_you_want(tmp_path: Path) -> None:
    beets = Beets(tmp_path)
    beets.set(auto=True)
    beets.add(song=165.0)
    assert beets.titles("pace:165") == ["song"]


@pytest.mark.parametrize(
    ("placing", "folder"), [("copy: no", "Downloads"), ("copy: yes", "Music"), ("move: yes", "Music")]
)
def test_an_import_analyses_the_files_where_they_stay(tmp_path: Path, placing: str, folder: str) -> None:
    beets = Beets(tmp_path)
    beets.set(auto=True, placing=placing)
    beets.add("Downloads", song=165.0)
    assert beets.titles("pace:165") == ["song"]
    place = Path(beets.run("ls", "-p")[0].strip())
    assert place.is_relative_to(tmp_path / folder)
    with Library(beets.paces) as library:
        assert library.paces(place)
        assert library.counts()["files"] == 1


def test_a_library_that_cannot_be_used_stops_no_import(tmp_path: Path) -> None:
    beets = Beets(tmp_path)
    beets.set(auto=True)
    beets.paces.write_text("no database, and longer than a header of SQLite would be, which has a hundred bytes" * 3)
    assert "cannot be used" in beets.add(song=165.0)
    assert beets.titles() == ["song"]
    _, errors = beets.run("paces", code=1)
    assert errors.startswith("error: library ")
    assert errors.count("\n") == 1


def test_each_command_of_beets_imports_nothing_heavy(tmp_path: Path) -> None:
    Beets(tmp_path)
    code = (
        "import sys; from beets.ui import main; main(['ls', 'pace:165']);"
        "sys.exit(', '.join({'av', 'soxr', 'ai_edge_litert', 'typer'} & {*sys.modules}) or 0)"
    )
    environment = os.environ | {"BEETSDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_wheel_is_all_that_beets_needs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    Beets(tmp_path).set(auto=False, plugins=tmp_path / "none")
    code = (
        "import sys, beetsplug.paces, paces_live; from beets.ui import main;"
        "print(beetsplug.paces.__file__, paces_live.__file__, file=sys.stderr); main(['paces', '--help'])"
    )
    environment = os.environ | {"BEETSDIR": str(tmp_path), "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "judge again with a new model" in done.stdout
    places = [tmp_path / "installed" / name for name in ("beetsplug/paces.py", "paces_live/__init__.py")]
    assert done.stderr.split() == [str(place) for place in places]
