"""Takes back what was written into tags, as the log says, unless somebody has changed it since."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from paces_live.collection.items import Unreadable
from paces_live.errors import PacesError, TagError, cannot_open
from paces_live.library.content import content_key
from paces_live.library.entries import Stamp
from paces_live.library.tagging.formats import open_tags
from paces_live.library.tagging.log import Change, History, TagLog, histories, original
from paces_live.library.tagging.rewrite import check_writable, rewrite
from paces_live.library.tagging.tagger import FATAL, Tagged
from paces_live.text import shown_path


def undo(log: TagLog, below: Iterable[Path] = ()) -> Iterator[Tagged | Unreadable]:
    """Yield the files in which something is restored, and those that were changed meanwhile.

    Parameters
    ----------
    log : TagLog
    below : iterable of Path
        Files and folders, as the library names them; all if there are none.

    Raises
    ------
    TagError
        Nothing more can be written.
    """
    chosen = list(below)
    writes = (one for one in log.writes() if not chosen or any(one.path.is_relative_to(path) for path in chosen))
    for path, fields in histories(writes).items():
        try:
            yield from _restored(log, path, fields)
        except PacesError as error:
            if error.code in FATAL:
                raise
            yield Unreadable(path, error)
        except OSError as error:
            yield Unreadable(path, cannot_open(shown_path(path), error))


def _restored(log: TagLog, path: Path, fields: Mapping[str, History]) -> Iterator[Tagged | Unreadable]:
    stamp = Stamp.of(path)
    tags = open_tags(path)
    changes, others = {}, []
    for name, history in fields.items():
        now = tags.values(name)
        before = original(now, history)
        if before is None:
            others.append(name)
        elif before != now:
            changes[name] = Change(now, before)
    if changes:
        content = content_key(path)
        check_writable(path, content)
        log.append("undo", path, changes)
        rewrite(path, tags, {name: change.new for name, change in changes.items()}, content, stamp)
        yield Tagged(path, changes)
    if others:
        message = f"{shown_path(path)}: {' and '.join(others)} was changed by something else, and stays"
        yield Unreadable(path, TagError(message, hint="change it with a tag editor", code="tag.changed"))
