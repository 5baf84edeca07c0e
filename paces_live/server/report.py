"""The page of the library as one file that needs nothing else: its style, its script and its data are in it."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from paces_live.errors import UsageError, reason
from paces_live.storage import drafted
from paces_live.text import shown_path

__all__ = ["check_report", "report_html", "write_report"]

PAGE = Path(__file__).parent / "page"
STYLES = ("look.css", "library.css")
MODULES = ("match.js", "wording.js", "elements.js", "songs.js", "charts.js", "overview.js", "report.js")
"""The modules of the page, each after those that it imports."""
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./[\w-]+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_OF_SERVER = re.compile(r" *<!-- (server|links) -->.*?<!-- /\1 -->\n", re.DOTALL)
_MARK = '<meta name="generator" content="paces-live">'
_BEGINNING = 500
"""Bytes within which a report of ours has that mark."""


def check_report(path: Path) -> None:
    """Raise `UsageError` if no report can be written there, or if something else is there; a report is replaced."""
    name = shown_path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise _unwritable(f"{name}: is not the name of a page", f"give it a name such as {shown_path(path.stem)}.html")
    try:
        if path.exists():
            # Opened for reading only if it is a file: a named pipe would wait for a writer.
            if not path.is_file() or (path.stat().st_size and not _is_page(path)):
                raise _unwritable(f"{name}: exists and is not a report", "choose another name")
        elif not path.resolve().parent.is_dir():
            raise _unwritable(f"{name}: there is no such folder", "make it, or choose another place")
    except (OSError, ValueError) as error:
        raise _unwritable(f"{name}: cannot be used: {reason(error)}", "choose another name") from error


def write_report(path: Path, overview: Iterable[str]) -> int:
    """Write a page; it is there as a whole, or as it was before.

    Parameters
    ----------
    path : Path
    overview : iterable of str
        The pieces of `paces_live.render.overview.overview_json`.

    Returns
    -------
    int
        Its size, bytes.

    Raises
    ------
    UsageError
        It cannot be written; see `check_report`.
    """
    check_report(path)
    with drafted(path, "usage.report") as draft:
        with draft.open("w", encoding="utf-8", errors="replace", newline="") as file:
            file.writelines(report_html(overview))
        return draft.stat().st_size


def report_html(overview: Iterable[str]) -> Iterator[str]:
    """Yield the pieces of the page.

    It allows itself nothing but its own style and its own script, whose hashes it names: whatever is in the tags of a
    song, it is text.

    Examples
    --------
    >>> "".join(report_html(['{"title": "</script>"}'])).count("</script>")
    2
    """
    style = "".join((PAGE / name).read_text("utf-8") for name in STYLES)
    script = "".join(_EXPORT.sub("", _IMPORT.sub("", (PAGE / name).read_text("utf-8"))) for name in MODULES)
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    page = _OF_SERVER.sub("", (PAGE / "library.html").read_text("utf-8"))
    head, body = page.split("</head>")
    body, end = body.split("  <!-- data -->\n")
    yield f'{head}  <meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield f"  <style>{style}</style>\n</head>{body}"
    yield '<script type="application/json" id="data">'
    for piece in overview:
        # Nothing in it may end the element.
        yield piece.replace("<", "\\u003c")
    yield f'</script>\n<script type="module">{script}</script>\n{end}'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        return _MARK.encode() in file.read(_BEGINNING)


def _unwritable(message: str, hint: str) -> UsageError:
    return UsageError(message, hint=hint, code="usage.report")
