"""Corrections as annotations: the CSV of the research, from which ``python -m training annotations`` learns."""

import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from paces_live.library.corrections import MOST, Correction
from paces_live.library.folded import folded
from paces_live.library.store import Library
from paces_live.storage import drafted
from paces_live.text import shown_path

REMARKS = 4
"""Columns after the paces; a remark on a song without a pace is in the last."""
NO_PACE = "no pace"


def renamed(corrections: Iterable[Correction], library: Library) -> list[Correction]:
    """Return corrections with the names that their files have now, as far as a library knows them."""
    found = []
    with library.reading() as connection:
        for one in corrections:
            rows = connection.execute(
                "SELECT path FROM file JOIN main.song ON song.id = file.song WHERE content = ? AND NOT gone"
                " ORDER BY path",
                (one.content,),
            )
            names = [shown_path(Path(os.fsdecode(path)).stem) for (path,) in rows]
            found.append(one if one.name in names or not names else one._replace(name=names[0]))
    return found


def write_annotations(path: Path, corrections: Iterable[Correction]) -> tuple[int, list[str]]:
    """Write corrections as a CSV without a header: the name of a song, up to three paces, and columns for remarks.

    Training finds songs by the letters and digits of their names. Songs whose names are the same, and whose paces are
    not, are left out.

    Parameters
    ----------
    path : Path
        It is there as a whole, or as it was before.
    corrections : iterable of Correction

    Returns
    -------
    tuple of int and list of str
        How many songs are in it, and the names of those that are left out.

    Raises
    ------
    UsageError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "anna.csv"
    ...     write_annotations(path, [Correction("1", "So What", (137.0, 68.5)), Correction("2", "Rain", ())])
    ...     print(path.read_text("utf-8"), end="")
    (2, [])
    So What,137,68.5,,,,,
    Rain,,,,,,,no pace
    """
    named = defaultdict(list)
    for one in corrections:
        named["".join(filter(str.isalnum, folded(one.name))) or one.name.strip()].append(one)
    text, count, left_out = io.StringIO(), 0, []
    writer = csv.writer(text, lineterminator="\n")
    for same in named.values():
        if len({tuple(sorted(one.paces)) for one in same}) > 1:
            left_out += [one.name for one in same]
            continue
        paces = [f"{spm:.6g}" for spm in same[0].paces]
        remarks = [""] * (REMARKS - 1) + ["" if paces else NO_PACE]
        writer.writerow([same[0].name, *paces, *[""] * (MOST - len(paces)), *remarks])
        count += 1
    with drafted(path) as draft:
        draft.write_text(text.getvalue(), "utf-8")
    return count, left_out
