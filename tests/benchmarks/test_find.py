"""The benchmark of searches measures searches that find what is there."""

import re

import pytest

from benchmarks.find import QUERIES, main, songs
from paces_live.match import match


def test_each_query_finds_the_songs_that_fit(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--files", "300"])
    output = capsys.readouterr().out
    rows = dict(re.findall(r"^\| `([^`]+)` \| (\d+) \|", output, re.MULTILINE))
    assert list(rows) == [query or "everything" for query in QUERIES]
    known = list(songs(300))
    assert int(rows["everything"]) == 300
    assert int(rows["genre:rock"]) == sum(track.genre == "Rock" for track, _ in known)
    near = [match(song.paces, 165.0) for _, song in known]
    assert int(rows["pace:165"]) == sum(one is not None and one.grade != "stretch" for one in near)
    assert int(rows["steady:no"]) == 30
    assert re.search(r"a report of 0\.\d MB: \d+\.\d s", output)
    assert re.search(r"peak memory: \d+ MB", output)
