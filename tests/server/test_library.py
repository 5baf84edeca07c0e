"""The library of a server: for those with whom everything is shared, as it is at the moment, and what plays of it."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from paces_live.collection.items import Item
from paces_live.demo import excerpt
from paces_live.events import SongPace, Track
from paces_live.inputs import Input
from paces_live.library.corrections import Correction, Corrections, default_path
from paces_live.library.entries import Stamp
from paces_live.library.store import Library
from paces_live.match import Listener
from paces_live.server import library as shared
from paces_live.server.control import Inputs
from paces_live.server.library import SharedLibrary
from paces_live.sources import ArraySource
from tests.support.library import fill
from tests.support.pacing import Paced
from tests.support.schemas import validated
from tests.support.servers import Served, eventually, serving
from tests.support.serving import serving_process
from tests.support.sessions import Blocks
from tests.support.signals import RATE, rock
from tests.support.soundserver import portaudio, sound_server

__all__ = ["portaudio", "sound_server"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a library of songs at 150 to 179 a minute, 200 to 229 s long; their files are empty, and 170 is gone."""
    path = tmp_path / "library.db"
    for number in range(30):
        (tmp_path / f"{150 + number}.ogg").touch()
    (tmp_path / "170.ogg").unlink()
    rates = [150.0 + number for number in range(30)]
    songs = [
        (
            str(tmp_path / f"{spm:.0f}.ogg"),
            [SongPace(spm, 0.9, 1.0)],
            spm,
            Track(title=f"{spm:.0f}", artist=f"{spm % 7}"),
        )
        for spm in rates
    ]
    with Library(path) as library:
        fill(library, *songs)
    return path


@pytest.fixture
def served(path: Path) -> Iterator[Served]:
    with serving(share="control", library=SharedLibrary(path)) as served:
        yield served


def rates(answer: httpx.Response) -> list[int]:
    return [int(Path(line).stem) for line in answer.text.splitlines() if not line.startswith("#")]


def test_the_overview_is_compressed_for_those_who_can_take_it(served: Served) -> None:
    answer = served.get("/v1/library")
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    record = validated(answer.text, "overview")
    assert (record["counts"]["songs"], len(record["songs"]), record["tolerance"]) == (30, 30, 0.05)
    plain = served.get("/v1/library", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == record
    assert served.get("/v1/library?tolerance=0.01").json()["tolerance"] == 0.01


@pytest.mark.parametrize("name", ["library", "library/playlist", "library/play"])
def test_it_is_for_those_with_whom_everything_is_shared(path: Path, name: str) -> None:
    with serving(library=SharedLibrary(path)) as served:
        answer = served.get(f"/v1/{name}")
        assert (answer.status_code, validated(answer.text)["code"]) == (403, "access.share")
        # The page itself holds no data.
        assert served.get("/library").status_code == 200


def test_a_server_without_a_library_says_so(tmp_path: Path) -> None:
    with serving(share="control", library=SharedLibrary(tmp_path / "none.db")) as served:
        answer = served.get("/v1/library")
        assert (answer.status_code, answer.json()["code"]) == (404, "library.missing")
        (tmp_path / "none.db").write_text("no database, but long enough to look like one of some kind\n" * 99)
        answer = served.get("/v1/library")
        assert (answer.status_code, answer.json()["code"]) == (500, "library")
    with serving(share="control") as served:
        assert served.get("/v1/library").json()["code"] == "server.no_library"


def test_what_a_scan_changes_is_seen(path: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def count() -> int:
        return int(served.get("/v1/library").json()["counts"]["songs"])

    with Library(path) as scan:
        assert count() == 30
        fill(scan, ("/m/new.ogg", [], None, Track()))
        # A scan changes it all the time: one overview serves for a few seconds.
        assert count() == 30
        monkeypatch.setattr(shared, "FRESH_S", 0.0)
        assert count() == 31

        def paces_of_new() -> list[list[float]]:
            songs = served.get("/v1/library").json()["songs"]
            return list(next(song[7] for song in songs if song[0] == "/m/new.ogg"))

        assert paces_of_new() == []
        with Corrections(default_path()) as corrections:
            corrections.keep(Correction("sound:/m/new.ogg", "new", (150.0,)))
        assert paces_of_new() == [[150.0, 1.0]]
    path.unlink()
    assert served.get("/v1/library").status_code == 404


def test_an_overview_is_kept_for_each_of_a_few_tolerances(path: Path) -> None:
    async def made(tolerances: Sequence[float]) -> list[bytes]:
        library = SharedLibrary(path)
        return [await library.overview(tolerance) for tolerance in tolerances]

    narrow, wide, again = asyncio.run(made([0.03, 0.05, 0.03]))
    assert again is narrow
    assert wide != narrow
    first, *_, last = asyncio.run(made([0.01, 0.02, 0.03, 0.04, 0.05, 0.01]))
    assert last is not first, "no client can fill the memory"


def test_a_song_is_named_by_a_file_that_is_there(path: Path, tmp_path: Path) -> None:
    gone, there = tmp_path / "disk" / "190.ogg", tmp_path / "copy.ogg"
    there.touch()
    with Library(path) as library:
        fill(library, (str(gone), [SongPace(190.0, 0.9, 1.0)], 190.0, Track(title="190")))
        library.keep(there, Stamp.of(there), f"sound:{gone}", Track(title="190"))
    asked = SharedLibrary(path).songs({"query": "title:190", "duration": "3m"}, Listener(190.0))
    assert [song.path for song in asyncio.run(asked)] == [there]


def test_a_playlist_is_downloaded_by_the_paths_of_the_machine(served: Served) -> None:
    answer = served.get("/v1/library/playlist?target=170&duration=20m")
    assert answer.headers["content-type"].startswith("audio/x-mpegurl")
    assert answer.headers["content-disposition"] == 'attachment; filename="run.m3u8"'
    lines = answer.text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert Path(lines[2]).is_absolute()
    assert len(rates(answer)) == 5
    assert all(abs(rate / 170 - 1) <= 0.025 for rate in rates(answer))
    ramp = rates(served.get("/v1/library/playlist?ramp=150..175&duration=30m"))
    assert ramp[0] < 158 < 168 < ramp[-1]
    assert set(rates(served.get("/v1/library/playlist?target=170&query=artist:3"))) <= {157, 164, 171, 178}


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ("target=fast", 400, "usage.target"),
        ("duration=soon", 400, "usage.duration"),
        ("duration=7h", 400, "usage.duration"),
        ("ramp=150", 200, ""),
        ("ramp=150..2", 400, "usage.target"),
        ("query=bpm:170", 400, "usage.query"),
        ("target=300", 404, "library.no_match"),
    ],
)
def test_what_is_no_plan_is_refused(served: Served, wanted: str, status: int, code: str) -> None:
    answer = served.get(f"/v1/library/playlist?{wanted}")
    assert answer.status_code == status
    assert code == "" or validated(answer.text)["code"] == code


def test_songs_are_played_and_then_the_input_is_heard_again(path: Path) -> None:
    running: list[Served] = []
    played: list[list[str]] = []

    def player(songs: list[Item]) -> Input:
        played.append([song.path.stem for song in songs])
        # The first ends soon, the others play on.
        seconds = 2.0 if len(played) == 1 else 60.0
        return Input(Paced(ArraySource(rock(168.0, seconds), RATE, RATE, name="play:card"), 0.01, hold=len(played) > 1))

    def source() -> Paced:
        return Paced(Blocks([], name="mic"), hold=True)

    inputs = Inputs("mic", lambda _: Input(source()), lambda: running[-1].backend.machine, player)  # type: ignore[arg-type]
    with serving(source, share="control", inputs=inputs, library=SharedLibrary(path)) as served:
        running.append(served)

        def ask(method: str, query: str = "") -> tuple[bool, bool, int]:
            address = f"{served.address}/v1/library/play{query}"
            record = validated(httpx.request(method, address, trust_env=False, timeout=20.0).text, "play")
            return record["allowed"], record["playing"], record["songs"]

        def heard() -> str:
            return str(served.get("/v1/streams/main").json()["input"])

        assert ask("GET") == (True, False, 0)
        assert ask("POST", "?target=160&duration=10m") == (True, True, 3)
        eventually(lambda: heard() == "play:card")
        eventually(lambda: heard() == "mic")
        assert ask("GET") == (True, False, 0)
        assert ask("POST", "?target=160&duration=10m")[1]
        eventually(lambda: heard() == "play:card")
        assert ask("DELETE") == (True, False, 0)
        eventually(lambda: heard() == "mic")
        assert [len(songs) for songs in played] == [3, 3]
        address = f"{served.address}/v1/library/play?query=title:170%20pace:170&target=170&duration=2m"
        answer = httpx.post(address, trust_env=False, timeout=20.0)
        assert (answer.status_code, validated(answer.text)["code"]) == (422, "source.not_found")


def test_nothing_plays_unless_the_owner_allows_it(path: Path) -> None:
    inputs = Inputs("mic", lambda _: Input(Blocks([])), lambda: None)
    with serving(share="control", inputs=inputs, library=SharedLibrary(path)) as served:
        assert served.get("/v1/library/play").json()["allowed"] is False
        answer = httpx.post(f"{served.address}/v1/library/play", trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.share")
    with serving(share="control", library=SharedLibrary(path)) as served:
        answer = httpx.post(f"{served.address}/v1/library/play", trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (404, "server.no_input")


@pytest.mark.usefixtures("portaudio", "sound_server")
def test_a_real_server_plays_through_its_sound_card(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with Library(path) as library:
        fill(library, (str(excerpt()), [SongPace(168.1, 0.99, 1.0)], 168.1, Track(title="Known", artist="Band")))
    options = ("--input", "demo", "--share", "control", "--allow-play", "--library", str(path))
    with serving_process(*options) as server:

        def heard() -> str:
            return str(httpx.get(f"{server.address}/v1/streams/main", trust_env=False).json()["input"])

        eventually(lambda: heard() == "demo")
        answer = httpx.post(f"{server.address}/v1/library/play?target=170&duration=3m", trust_env=False, timeout=20.0)
        assert validated(answer.text, "play")["songs"] == 1
        eventually(lambda: heard().startswith("play:"))
        httpx.delete(f"{server.address}/v1/library/play", trust_env=False)
        eventually(lambda: heard() == "demo")
