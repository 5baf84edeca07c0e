"""Corrections as annotations: the CSV of the research, from which ``python -m training annotations`` learns."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from paces_live.library.corrections import MOST, Correction
from paces_live.library.folded import folded
from paces_live.storage import drafted

REMARKS = 4
"""Columns after the paces; a remark on a song without a pace is in the last."""
NO_PACE = "no pace"


def write_annotations(path: Path, corrections: Iterable[Correction]) -> list[str]:
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
    list of str
        The names of the songs that are left out.

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
    []
    So What,137,68.5,,,,,
    Rain,,,,,,,no pace
    """
    named = defaultdict(list)
    for one in corrections:
        named["".join(filter(str.isalnum, folded(one.name))) or one.name.strip()].append(one)
    text, left_out = io.StringIO(), []
    writer = csv.writer(text, lineterminator="\n")
    for same in named.values():
        if len({tuple(sorted(one.paces)) for one in same}) > 1:
            left_out += [one.name for one in same]
            continue
        paces = [f"{spm:.6g}" for spm in same[0].paces]
        remarks = [""] * (REMARKS - 1) + ["" if paces else NO_PACE]
        writer.writerow([same[0].name, *paces, *[""] * (MOST - len(paces)), *remarks])
    with drafted(path) as draft:
        draft.write_text(text.getvalue(), "utf-8")
    return left_out
