"""`history`: the songs that you heard."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.options import Csv, Json, whole_number
from paces_live.errors import UsageError

if TYPE_CHECKING:
    from paces_live.history.database import History

history = typer.Typer(
    invoke_without_command=True,
    epilog="Examples:\n\n"
    "[bold]paces-live history --search waltz[/bold]\n\n"
    "[bold]paces-live history --csv --limit 1000 > songs.csv[/bold]",
)


def _limit(value: int) -> int:
    """Return `value` if it is a number of songs."""
    if value < 1:
        raise UsageError(f"limit {value} is out of range", hint="choose at least 1", code="usage.limit")
    return value


@history.callback()
def show(
    context: typer.Context,
    search: Annotated[
        str,
        typer.Option("--search", "-s", metavar="WORD", help="Show only songs with this word in title or input."),
    ] = "",
    limit: Annotated[
        int,
        typer.Option(
            "--limit",
            "-n",
            metavar="N",
            parser=whole_number("limit", "how many songs, such as 50"),
            callback=_limit,
            help="Show the newest N songs.",
        ),
    ] = 50,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List the songs that you heard, newest first: time, title, paces, and how they matched your target then.

    They are kept in paces-live/history.db in $XDG_STATE_HOME, by default ~/.local/state.
    """
    if context.invoked_subcommand:
        return
    if json and csv:
        raise UsageError("--json and --csv exclude each other", hint="choose one", code="usage.json")
    from paces_live.render.history import write_csv, write_json, write_table

    songs = []
    if _any():
        with _open() as heard:
            songs = heard.songs(word=search, limit=limit)
    if json or csv:
        (write_json if json else write_csv)(songs, sys.stdout)
    elif songs:
        write_table(songs, sys.stdout)
    else:
        sys.stdout.write(f"no songs with {search} heard yet\n" if search else "no songs heard yet\n")


@history.command(epilog="Example: [bold]paces-live history clear --yes[/bold]")
def clear(
    yes: Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask for confirmation.")] = False,
) -> None:
    """Forget all songs forever. You are asked to confirm it."""
    if not _any():
        sys.stdout.write("no songs heard yet\n")
        return
    with _open() as heard:
        count = heard.count()
        songs = "1 song" if count == 1 else f"{count} songs"
        if not yes:
            if not _can_ask():
                raise UsageError(f"history clear would forget {songs} and cannot ask you here", hint="add --yes")
            typer.confirm(f"Forget {songs}?", abort=True)
        heard.clear()
    sys.stdout.write(f"forgot {songs}\n")


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _any() -> bool:
    """Return whether there is a history; looking for songs must not create one."""
    from paces_live.history.database import default_path

    return default_path().exists()


def _open() -> "History":
    from paces_live.history.database import History, default_path

    return History(default_path())
