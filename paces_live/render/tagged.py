"""What is written into the tags of files, as words and as JSON."""

from collections import Counter
from typing import Literal

from paces_live.library.tagging.fields import Values
from paces_live.library.tagging.tagger import Tagged
from paces_live.render.json_lines import dumps
from paces_live.text import json_path, shown_path

How = Literal["planned", "tagged", "restored"]
"""What has become of a change: it would be made, was made, or was taken back."""
NOTHING = "nothing"
"""Instead of the value of a field that is not there."""


def tagged_line(one: Tagged, how: How) -> str:
    """Return what becomes of a file as one line of JSON.

    Examples
    --------
    >>> from pathlib import Path
    >>> from paces_live.library.tagging.log import Change
    >>> tagged_line(Tagged(Path("a.ogg"), {"PACES": Change((), ("82.1",))}), "planned")
    '{"type": "tag", "path": "a.ogg", "how": "planned", "fields": [{"name": "PACES", "old": [], "new": ["82.1"]}]}'
    """
    fields = [{"name": name, "old": list(old), "new": list(new)} for name, (old, new) in one.changes.items()]
    return dumps({"type": "tag", "path": json_path(one.path), "how": how if fields else "unchanged", "fields": fields})


def tagged_words(one: Tagged) -> str:
    """Return the changes of a file as a line of text.

    Examples
    --------
    >>> from pathlib import Path
    >>> from paces_live.library.tagging.log import Change
    >>> tagged_words(Tagged(Path("a.ogg"), {"PACES": Change(("80.9",), ("82.1; 164.2",)), "BPM": Change((), ("82",))}))
    'a.ogg  PACES 80.9 → 82.1; 164.2  BPM 82'
    """
    parts = []
    for name, (old, new) in one.changes.items():
        # Somebody else may have written the old one.
        before = f"{shown_path(_words(old))} → " if old else ""
        parts.append(f"{name} {before}{shown_path(_words(new)) if new else NOTHING}")
    return "  ".join([shown_path(one.path), *parts])


def summary(counts: Counter[str], how: How) -> str:
    """Say how many files there are: ``changed``, and ``same`` if they have all fields already.

    Examples
    --------
    >>> summary(Counter(changed=3, same=1), "planned")
    '3 files would change, 1 has it already: --write writes them'
    >>> summary(Counter(changed=3), "tagged")
    '3 files tagged: paces-live tag --undo restores them'
    >>> summary(Counter(), "restored"), summary(Counter(same=2), "tagged")
    ('nothing to restore', 'nothing to write, 2 have it already')
    """
    changed, same = counts["changed"], counts["same"]
    has = "has" if same == 1 else "have"
    already = f", {same} {has} it already" if same else ""
    if not changed:
        return f"nothing to {'restore' if how == 'restored' else 'write'}{already}"
    files = f"{changed} file{'s' * (changed != 1)}"
    what = "them" if changed != 1 else "it"
    if how == "planned":
        return f"{files} would change{already}: --write writes {what}"
    if how == "tagged":
        return f"{files} tagged{already}: paces-live tag --undo restores {what}"
    return f"{files} restored"


def _words(values: Values) -> str:
    return ", ".join(map(str, values))
