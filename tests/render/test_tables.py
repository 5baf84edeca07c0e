"""The table of songs or files."""

import io

from paces_live.match import Listener
from paces_live.render.tables import Row, print_table
from tests.support.fakes import RISING, song


def test_table() -> None:
    stream = io.StringIO()
    fits, not_fits, none = song(1, 0.0, 40.0, 165.31, 82.66), song(2, 0.0, 4000.0, 123.4), song(3, 0.0, 9.0)
    rows = [Row(f"song {s.song}", s.end, s.paces, s.beat) for s in (fits, not_fits, none)]
    rows.append(Row("song 4", 12.0, not_fits.paces, not_fits.beat, skipped=True))
    print_table(rows, "file", Listener(165.0), stream=stream)
    lines = [line.rstrip() for line in stream.getvalue().splitlines() if line.strip()]
    assert lines == [
        "file     length  paces          target 165 spm ± 5 %",
        "song 1     0:40   82.7   97 %   ✓ MATCH 165.3 (lock, +0.2 %)",
        "                 165.3   97 %   a step on every beat",
        "song 2  1:06:40  123.4   97 %   ✕ NO MATCH",
        "song 3     0:09  no pace found",
        "song 4     0:12  skipped",
    ]


def test_a_tempo_that_changes_is_under_the_verdict() -> None:
    stream = io.StringIO()
    row = Row("song 1", 60.0, RISING.paces, RISING.beat, RISING.sections)
    print_table([row], "file", Listener(165.0), stream=stream)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()[1:] if line.strip()]
    assert lines == [
        "song 1    1:00  75.0 to 90.0   95 %    ✕ NO MATCH",
        "                150.0 to 180.0   97 %  tempo rises from 150 to 180",
        "                                       near 165 from 0:14 to 0:47",
    ]
