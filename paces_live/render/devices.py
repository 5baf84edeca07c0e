"""The inputs of this machine as a table."""

import shlex
from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from paces_live.sources.devices import ListedInput

OTHERS = "Also: a FILE, - (a file or raw PCM on standard input), fifo:PATH (a named pipe), http://… (a radio station)."


def inputs_table(inputs: Iterable[ListedInput]) -> Table:
    """Return `inputs` as a table.

    Examples
    --------
    >>> table = inputs_table([ListedInput("USB Audio", "microphone", 48_000, 1, default=False, spec="mic:USB Audio")])
    >>> [column.header for column in table.columns]
    ['input', 'kind', 'rate', 'channels', 'type after --input']
    >>> [str(cell) for cell in table.columns[-1].cells]
    ["'mic:USB Audio'"]
    """
    table = Table("input", "kind", "rate", "channels", "type after --input", box=None, pad_edge=False)
    for one in inputs:
        if one.problem is not None:
            table.add_row(Text(one.name), one.kind, "", "", Text(one.problem, style="yellow"))
            continue
        name = Text(one.name)
        if one.default:
            name.append(" (default)", style="dim")
        rate = f"{one.rate / 1000:g} kHz" if one.rate else ""
        typed = Text(f"{shlex.quote(one.spec)} {one.options}".rstrip(), style="bold")
        table.add_row(name, one.kind, rate, str(one.channels or ""), typed)
    return table
