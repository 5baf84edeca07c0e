"""A plugin of beets (https://beets.io): keeps the paces of songs in their field ``paces``, and finds songs by a pace.

It is installed as ``beetsplug/paces.py``, where beets looks for it. Paces come from the library of paces-live, which
analyses what it does not know.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from optparse import Values
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets.dbcore.query import FieldQuery, InvalidQueryArgumentValueError
from beets.plugins import BeetsPlugin
from beets.ui import Subcommand, UserError, print_

# What is heavy is imported where it is needed: each command of beets imports this module.
from paces_live.errors import PacesError

if TYPE_CHECKING:
    from beets.importer import ImportTask
    from beets.library import Item
    from beets.library import Library as BeetsLibrary

    from paces_live.library.scan import Scan
    from paces_live.library.store import Library

FIELD = "paces"


class PaceQuery(FieldQuery[str]):
    """``pace:165``, ``pace:160..170``, ``pace:165±3%`` or ``pace:none``: asks all paces of a song."""

    def __init__(self, field_name: str, pattern: str, fast: bool = True) -> None:  # noqa: ARG002
        from paces_live.library.query import parse_query

        # No column of the database, so never fast.
        super().__init__(field_name, pattern, fast=False)
        # A quote would end the term.
        quoted = pattern.replace('"', "'")
        try:
            (term,) = parse_query(f'pace:"{quoted}"').terms
        except PacesError as error:
            raise InvalidQueryArgumentValueError(pattern, "a pace", error.hint) from error
        self._span: Any = term.value

    def match(self, obj: Any) -> bool:
        """Return whether a song has such a pace; one that is not analysed has none."""
        from paces_live.library.text_field import fits

        text = obj.get(FIELD)
        return text is not None and fits(str(text), self._span)


class PacesPlugin(BeetsPlugin):
    """The command ``beet paces``, the query ``pace:``, and if you want, the analysis of what is imported."""

    item_queries = {"pace": PaceQuery}  # noqa: RUF012 - beets looks for it on the class or the object

    def __init__(self) -> None:
        super().__init__()
        self.config.add({"auto": False, "force": False, "jobs": 0, "library": ""})
        if self.config["auto"].get(bool):
            # A stage of the import would see the files before they are moved or copied.
            self.register_listener("import_task_files", self._imported)

    def commands(self) -> list[Subcommand]:
        """Return the command."""
        command = Subcommand("paces", help="analyse songs, and keep the step rates at which you can jog to them")
        command.parser.add_option(
            "-f", "--force", action="store_true", help="also songs that have paces; judge again with a new model"
        )
        command.parser.add_option(
            "-p", "--pretend", action="store_true", help="show what would be done, and do nothing"
        )
        command.func = self._command
        return [command]

    def _command(self, lib: "BeetsLibrary", options: Values, arguments: list[str]) -> None:
        force = bool(options.force or self.config["force"].get(bool))
        items = [item for item in lib.items(arguments) if force or item.get(FIELD) is None]
        try:
            if options.pretend:
                self._pretend(items)
            else:
                self._keep(items, force=force)
        except PacesError as error:
            raise UserError(str(error)) from error

    def _imported(self, task: "ImportTask", **_: Any) -> None:
        try:
            self._keep(list(task.imported_items()), force=self.config["force"].get(bool))
        except PacesError as error:
            # Music is imported all the same.
            self._log.error("{}", error)

    def _pretend(self, items: "Sequence[Item]") -> None:
        """Print what is known of each song."""
        from paces_live.library.store import Library
        from paces_live.library.text_field import paces_text

        with ExitStack() as stack:
            file = self._file()
            library = stack.enter_context(Library(file, read_only=True)) if file.exists() else None
            for item in items:
                paces = library.paces(_path(item)) if library else None
                print_(f"{item}: {'not known yet' if paces is None else paces_text(paces)}")

    def _keep(self, items: "Sequence[Item]", *, force: bool) -> None:
        """Store the paces of songs as soon as they are known; songs that the library does not know are analysed."""
        if not items:
            return
        waiting = {_path(item): item for item in items}
        with ExitStack() as stack:
            library, scan = self._opened(stack, force=force)
            for path in self._scanned(scan, list(waiting)):
                if path in waiting and self._store(library, path, waiting[path]):
                    del waiting[path]
            for path, item in list(waiting.items()):
                if self._store(library, path, item):
                    del waiting[path]
        self._log.info("{} of {} songs have paces now", len(items) - len(waiting), len(items))

    def _scanned(self, scan: "Scan", paths: list[Path]) -> Iterator[Path]:
        """Yield the files that are analysed or known again; say which cannot be read."""
        for one in scan.run(paths):
            if one.error:
                self._log.warning("{}", one.error)
            else:
                yield one.path

    def _store(self, library: "Library", path: Path, item: "Item") -> bool:
        """Store the paces of a song; return whether they are known."""
        from paces_live.library.text_field import paces_text

        paces = library.paces(path)
        if paces is None:
            return False
        text = paces_text(paces)
        if item.get(FIELD) != text:
            item[FIELD] = text
            item.store()
            self._log.info("{}: {}", item, text)
        return True

    def _opened(self, stack: ExitStack, *, force: bool) -> "tuple[Library, Scan]":
        from paces_live.analysis.classifier import default_model
        from paces_live.analysis.manifest import Manifest
        from paces_live.library.analyser import Analyser
        from paces_live.library.scan import Scan
        from paces_live.library.store import Library
        from paces_live.library.workers import Workers

        library = stack.enter_context(Library(self._file()))
        count = self.config["jobs"].get(int) or len(os.sched_getaffinity(0))
        workers = stack.enter_context(Workers[Any](count))
        analyser = Analyser.of(Manifest.read(default_model()))
        return library, stack.enter_context(closing(Scan(library, workers, analyser, refresh=force)))

    def _file(self) -> Path:
        from paces_live.library.store import default_path

        named = self.config["library"].as_str()
        return Path(named).expanduser() if named else default_path()


def _path(item: "Item") -> Path:
    """Return the path of a song as the library knows it."""
    from paces_live.collection.folder import real_name

    return real_name(Path(os.fsdecode(item.path)))
