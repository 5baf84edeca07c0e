"""``python -m benchmarks find``: how long a search, a plan and a report take in a large library, and how much memory.

It fills a library with songs of random tempi and tags, searches it, plans runs, and writes reports. It prints tables,
and keeps nothing.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from paces_live.events import Section, SongPace, Track
from paces_live.library.choices import choices
from paces_live.library.entries import Stamp, put_file, put_song
from paces_live.library.files import FilePaces
from paces_live.library.overview import overview
from paces_live.library.plan import parse_plan
from paces_live.library.planner import choose
from paces_live.library.query import parse_query
from paces_live.library.search import search
from paces_live.library.store import Library
from paces_live.match import DEFAULT_TOLERANCE
from paces_live.render.overview import overview_json
from paces_live.server.report import write_report

FILES = 100_000
ROUNDS = 7
REPORTS = 3
QUERIES = (
    "pace:165",
    "pace:165 sure:0.8.. steady:yes genre:rock -artist:x",
    "pace:160..170",
    "pace:165±3% steps:1",
    "genre:rock",
    "waltz",
    "steady:no",
    "-pace:165 length:3:00..4:00",
    "",
)
PLANS = (
    ("45m@165", ""),
    ("10m@150 20m@168 5m@140", ""),
    ("45m@150..170", "sure:0.8.. steady:yes genre:rock"),
    ("5h@140..180", ""),
)
GENRES = ("Rock", "Pop", "Folk", "Jazz", "Techno", "Metal", "Classical", "Hip Hop")
WORDS = ("Waltz", "Love", "Night", "River", "Fire", "Dance", "Blue", "Road", "Heart", "Xylophone", "Über", "Ночь")


def main(arguments: list[str]) -> None:
    """Fill a library, search it, and print what that took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks find", description=__doc__)
    parser.add_argument("--files", type=int, default=FILES, help="number of files in the library")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder) / "library.db") as library:
        begun = time.perf_counter()
        fill(library, options.files)
        size = (Path(folder) / "library.db").stat().st_size / 1e6
        print(f"{options.files} files, filled in {time.perf_counter() - begun:.1f} s, {size:.0f} MB\n")  # noqa: T201
        print("| query | songs | found, ms | the best 50, ms | all, ms |\n|---|---|---|---|---|")  # noqa: T201
        for query in QUERIES:
            times = [measured(library, query) for _ in range(ROUNDS)]
            found, best, everything = (1000.0 * min(one[index] for one in times) for index in range(3))
            name = query or "everything"
            print(f"| `{name}` | {times[0][3]} | {found:.0f} | {best:.0f} | {everything:.0f} |")  # noqa: T201
        print("\n| plan | query | songs | planned, ms |\n|---|---|---|---|")  # noqa: T201
        for plan, query in PLANS:
            runs = [planned(library, plan, query) for _ in range(ROUNDS)]
            print(f"| `{plan}` | `{query}` | {runs[0][1]} | {1000.0 * min(run[0] for run in runs):.0f} |")  # noqa: T201
        reports = [reported(library, Path(folder) / "report.html") for _ in range(REPORTS)]
        size = reports[0][1] / 1e6
        print(f"\na report of {size:.1f} MB: {min(seconds for seconds, _ in reports):.1f} s")  # noqa: T201
    print(f"\npeak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")  # noqa: T201


def measured(library: Library, query: str) -> tuple[float, float, float, int]:
    """Return the seconds until the songs are ranked, the best 50 are read, and all are read; and their number."""
    begun = time.perf_counter()
    results = search(library, parse_query(query))
    found = time.perf_counter()
    best = list(results.first(50))
    read = time.perf_counter()
    count = sum(1 for _ in results)
    assert count == len(results) >= len(best)
    return found - begun, read - begun, time.perf_counter() - begun, count


def planned(library: Library, plan: str, query: str) -> tuple[float, int]:
    """Return the seconds until the songs of a plan are chosen, and their number."""
    begun = time.perf_counter()
    parts = parse_plan(plan)
    found = choices(library, parse_query(query), parts, DEFAULT_TOLERANCE)
    songs, _ = choose(parts, found, DEFAULT_TOLERANCE, random.Random(1))
    return time.perf_counter() - begun, len(songs)


def reported(library: Library, path: Path) -> tuple[float, int]:
    """Return the seconds until a report is written, and its bytes."""
    begun = time.perf_counter()
    with overview(library) as found:
        size = write_report(path, overview_json(found))
    return time.perf_counter() - begun, size


def fill(library: Library, files: int) -> None:
    """Put songs into a library as a scan does, but in one transaction."""
    library.use("sha256:0", "1")
    with library.reading() as connection:
        connection.execute("BEGIN")
        for number, (track, song) in enumerate(songs(files)):
            content = f"sound:{number:032x}"
            put_song(connection, content, song, analyser=1)
            (key,) = connection.execute("SELECT id FROM song WHERE content = ?", (content,)).fetchone()
            put_file(connection, song.path, Stamp(5_000_000, number), {"song": key}, track)
        connection.execute("COMMIT")


def songs(count: int) -> Iterator[tuple[Track, FilePaces]]:
    """Yield songs: each has a tempo, its double or half, and sometimes a third or a range."""
    chance = random.Random(1)
    for number in range(count):
        artist, album = f"{chance.choice(WORDS)} {chance.randrange(count // 40 + 1)}", f"{chance.choice(WORDS)}"
        title = " ".join(chance.choices(WORDS, k=3))
        beat = chance.uniform(60.0, 190.0)
        factors = [1.0, 2.0 if beat < 110.0 else 0.5, *([0.25] if beat > 170.0 and number % 3 == 0 else [])]
        wander = 1.06 if number % 10 == 0 else 1.0
        ends = (0.97, 1.03) if wander > 1.0 else (None, None)
        paces = tuple(
            SongPace(
                beat * factor,
                round(1.0 - chance.random() ** 3 / 2.0, 2),
                chance.random(),
                *(None if end is None else end * beat * factor for end in ends),
            )
            for factor in factors
        )
        sections = (Section(25.0, 200.0, beat * (ends[0] or 1.0), beat * (ends[1] or 1.0)),)
        path = Path(f"/music/{artist}/{album}/{number:02} {title}.mp3")
        track = Track(title=title, artist=artist, album=album, genre=chance.choice(GENRES))
        yield track, FilePaces(path, chance.uniform(120.0, 400.0), paces, beat=beat, sections=sections)


if __name__ == "__main__":
    main([])
